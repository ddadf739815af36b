import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NodeConnectionOptions } from '@nats-io/transport-node'
import type { Test } from 'tap'

/** How long a server may take to be ready, in seconds: a cluster has to find its leaders first. */
const START = 30

/** What a server is started with. */
export interface ServerOptions {
  /** more of the configuration file: authorization, TLS, … */
  readonly config?: string
  /** how the start is waited for, when not everybody may connect */
  readonly probe?: NodeConnectionOptions
}

/** A nats-server with JetStream, which the test has started and can kill and start again on the same port and store. */
export interface NatsServer {
  readonly port: number
  readonly url: string
  readonly name: string
  /** As `kill -9`; resolves when it is dead. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** Starts one server; it and its store are gone when the test ends. */
export async function startNats(t: Test, options: ServerOptions = {}): Promise<NatsServer> {
  const server = await prepare(t, 'single', await freePort(), '', options)
  await server.start()
  return server
}

/** Starts three servers as one cluster; resolves when it takes streams. */
export async function startCluster(t: Test): Promise<NatsServer[]> {
  const ports = await Promise.all(Array.from({ length: 6 }, freePort))
  const routes = ports.slice(3).map((port) => `nats-route://127.0.0.1:${port}`)
  const servers = await Promise.all(
    ports.slice(0, 3).map((port, i) => {
      const cluster = `cluster { name: test, listen: "127.0.0.1:${ports[i + 3]}", routes: [${routes.map((route) => `"${route}"`)}] }`
      return prepare(t, `n${i + 1}`, port, cluster, {})
    }),
  )
  await Promise.all(servers.map((server) => server.start()))
  await Promise.all(servers.map((server) => untilReady(server)))
  return servers
}

async function prepare(
  t: Test,
  name: string,
  port: number,
  cluster: string,
  { config = '', probe }: ServerOptions,
): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-nats-'))
  const file = join(directory, 'nats.conf')
  const base = `listen: "127.0.0.1:${port}"\nserver_name: ${name}\njetstream { store_dir: "${directory}/store" }\n`
  await writeFile(file, `${base}${cluster}\n${config}\n`)
  let child: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  t.teardown(async () => {
    await kill()
    await rm(directory, { recursive: true, force: true })
  })
  const server: NatsServer = {
    port,
    name,
    url: `nats://127.0.0.1:${port}`,
    kill,
    async start() {
      child = spawn(process.env['NATS_SERVER'] ?? 'nats-server', ['-c', file], { stdio: 'ignore' })
      if (cluster === '') await untilReady(server, probe)
    },
  }
  return server
}

/** Resolves when JetStream answers and has a leader for what is made next. */
async function untilReady({ url, port }: NatsServer, probe?: NodeConnectionOptions): Promise<void> {
  const deadline = performance.now() + START * 1000
  while (true) {
    try {
      const nc = await connect({ servers: url, reconnect: false, timeout: 1000, ...probe })
      try {
        await (await jetstreamManager(nc, { timeout: 1000 })).getAccountInfo()
        return
      } finally {
        await nc.close()
      }
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`no nats-server on port ${port}`, { cause: error })
      await pause(20)
    }
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
