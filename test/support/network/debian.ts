import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isListening } from '../listening.ts'
import { freePort, type Teardown } from '../nats.ts'
import { until } from '../until.ts'

/**
 * nginx as `proxy_pass` makes it: HTTP/1.0 to the service, no upgrade, answers buffered.
 * @returns its address
 */
export function startNginx(t: Teardown, service: number): Promise<string> {
  return startProxy(
    t,
    (port, directory) => `daemon off;
pid ${directory}/pid;
events {}
http {
  access_log off;
  ${TEMPORARY.map((what) => `${what}_temp_path ${directory}/${what};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${service}; }
  }
}
`,
    (file, directory) => ['nginx', '-p', directory, '-c', file, '-e', 'stderr'],
  )
}

/** What nginx keeps in directories of its own, used or not. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * HAProxy with time-outs of five seconds and none for tunnels: so an idle WebSocket is cut after five, too.
 * @returns its address
 */
export function startHaproxy(t: Teardown, service: number): Promise<string> {
  return startProxy(
    t,
    (port) => `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen tidings
  bind 127.0.0.1:${port}
  server service 127.0.0.1:${service}
`,
    (file) => ['haproxy', '-f', file],
  )
}

/**
 * squid as a forward proxy.
 * @param tunnels whether it lets CONNECT through to any port: by default only to 443
 * @returns its address
 */
export function startSquid(t: Teardown, tunnels: boolean): Promise<string> {
  return startProxy(
    t,
    (port, directory) => `http_port 127.0.0.1:${port}
pid_filename ${directory}/pid
coredump_dir ${directory}
access_log none
cache_log /dev/null
netdb_filename none
pinger_enable off
shutdown_lifetime 1 second
acl SSL_ports port 443
${tunnels ? '' : 'http_access deny CONNECT !SSL_ports'}
http_access allow all
`,
    (file) => ['squid', '-N', '-f', file],
  )
}

/** Starts a proxy on a free port, with a directory for all its files; both are gone when the test ends. */
async function startProxy(
  t: Teardown,
  configure: (port: number, directory: string) => string,
  command: (file: string, directory: string) => readonly string[],
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-proxy-'))
  // Started by root, its workers are somebody else.
  await chmod(directory, 0o755)
  const port = await freePort()
  const file = join(directory, 'proxy.conf')
  await writeFile(file, configure(port, directory))

  const [program = '', ...args] = command(file, directory)
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true })
  })
  await until(`${program} listens`, () => isListening(port))
  return `http://127.0.0.1:${port}`
}
