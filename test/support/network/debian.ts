import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../nats.ts'
import { until } from '../until.ts'

/** A test, in whose directory a proxy keeps all its files, and with which it ends. */
type Here = Pick<Test, 'teardown' | 'testdir'>

/**
 * nginx as `proxy_pass` makes it: HTTP/1.0 to the service, no upgrade, answers buffered.
 * @returns its address
 */
export async function startNginx(t: Here, service: number): Promise<string> {
  const dir = t.testdir()
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  )
  return startProxy(
    t,
    dir,
    (port) => `daemon off;
worker_processes 1;
pid ${dir}/pid;
error_log ${dir}/error.log;
events {}
http {
  access_log off;
  ${temp.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${service}; }
  }
}
`,
    (file) => ['nginx', '-p', dir, '-c', file, '-e', `${dir}/error.log`],
  )
}

/**
 * HAProxy with time-outs of five seconds and none for tunnels: so an idle WebSocket is cut after five, too.
 * @returns its address
 */
export async function startHaproxy(t: Here, service: number): Promise<string> {
  const dir = t.testdir()
  return startProxy(
    t,
    dir,
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
export async function startSquid(t: Here, tunnels: boolean): Promise<string> {
  const dir = t.testdir()
  return startProxy(
    t,
    dir,
    (port) => `http_port 127.0.0.1:${port}
pid_filename ${dir}/pid
access_log none
cache_log /dev/null
coredump_dir ${dir}
cache_mem 8 MB
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

async function startProxy(
  t: Here,
  dir: string,
  config: (port: number) => string,
  command: (file: string) => string[],
): Promise<string> {
  const port = await freePort()
  const file = join(dir, 'proxy.conf')
  await writeFile(file, config(port))
  const [program = '', ...args] = command(file)
  const child = spawn(program, args, { stdio: 'ignore', cwd: dir })
  t.teardown(() => kill(child))
  await until(`${program} listens`, () => accepts(port), 15)
  return `http://127.0.0.1:${port}`
}

/** The signal that all of them take as: end now. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
