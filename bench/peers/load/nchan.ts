import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../test/support/nats.ts'
import { startServer } from '../../harness/child.ts'
import { DESCRIPTORS } from '../../harness/machine.ts'
import { temporaryDirectory } from '../../harness/temporary.ts'
import { EVENT_SIZE, type LoadPeer } from './peer.ts'

/** Where Debian's packages nginx and libnginx-mod-nchan put them. */
const NGINX = '/usr/sbin/nginx'
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'

const MOST_CONNECTIONS = Math.min(50_000, DESCRIPTORS - 100)

/** One process, as the others have; requests are not written to a file, as with the others. */
const configuration = (directory: string, port: number) => `
load_module ${MODULE};
daemon off;
master_process off;
pid ${directory}/pid;
error_log stderr notice;
events { worker_connections ${MOST_CONNECTIONS}; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  nchan_shared_memory_size 256m;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish { nchan_publisher; nchan_channel_id c; nchan_message_buffer_length 10000; }
    location = /subscribe { nchan_subscriber; nchan_channel_id c; nchan_subscriber_first_message newest; }
  }
}
`

/** Nchan in nginx, where Debian's package is installed. */
export const nchan: LoadPeer = {
  name: 'nchan',
  lacks: () =>
    existsSync(MODULE) ? undefined : 'Nchan needs the packages nginx and libnginx-mod-nchan of Debian',
  async start(ends) {
    const directory = temporaryDirectory(ends)
    const port = await freePort()
    const file = join(directory, 'nginx.conf')
    writeFileSync(file, configuration(directory, port))
    const command = [NGINX, '-p', directory, '-c', file]
    return startServer(ends, { command, listening: /using the "epoll" event method/, port })
  },
  subscribe: {
    websocket: ['--transport', 'ws', '--path', '/subscribe'],
    sse: ['--transport', 'sse', '--path', '/subscribe'],
    'long-poll': [
      ...['--transport', 'poll', '--path', '/subscribe'],
      ...['--cursor-header', 'Last-Modified=If-Modified-Since', '--cursor-header', 'Etag=If-None-Match'],
    ],
  },
  publish: () => ['--publish', '--pub-path', '/publish', ...EVENT_SIZE, '--pub-body', '{event}'],
}
