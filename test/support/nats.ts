import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NodeConnectionOptions } from '@nats-io/transport-node'
import type { Test } from 'tap'
import { request } from 'undici'
import { type NatsLog, type NatsLogOptions, openNatsLog } from '../../src/log/nats/nats.ts'
import { logOptions } from '../contract/log/harness.ts'
import { until } from './until.ts'

/** How long a server may take to be ready, in seconds: a cluster has to find its leaders first. */
const START = 30

/** Something that ends, as a test does, and what is to be done then. */
export type Teardown = Pick<Test, 'teardown'>

/** What a server is started with. */
export interface ServerOptions {
  /** a configuration file instead of one made up here; it takes its store's directory from NATS_STORE */
  readonly file?: string
  /** a free one, if not given */
  readonly port?: number
  /** more of the environment */
  readonly env?: NodeJS.ProcessEnv
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
  /** Stops it where it is: its connections stay open, and it answers nothing. */
  freeze(): void
  /** Lets it go on. */
  thaw(): void
  /** Says whether it has caught up with its cluster, JetStream's own records included. */
  isHealthy(): Promise<boolean>
}

/** Starts one server; it and its store are gone when the test ends. */
export async function startNats(t: Teardown, options: ServerOptions = {}): Promise<NatsServer> {
  const server = await prepare(t, 'single', options.port ?? (await freePort()), '', options)
  await server.start()
  return server
}

/** Starts three servers as one cluster. It takes streams once it has found a leader, for which `NatsLog.ready` waits. */
export async function startCluster(t: Teardown): Promise<NatsServer[]> {
  const ports = await Promise.all(Array.from({ length: 6 }, freePort))
  const routes = ports.slice(3).map((port) => `nats-route://127.0.0.1:${port}`)
  const servers = await Promise.all(
    ports.slice(0, 3).map((port, i) => {
      const cluster = `cluster { name: test, listen: "127.0.0.1:${ports[i + 3]}", routes: [${routes.map((route) => `"${route}"`)}] }`
      return prepare(t, `n${i + 1}`, port, cluster, {})
    }),
  )
  await Promise.all(servers.map((server) => server.start()))
  return servers
}

async function prepare(
  t: Teardown,
  name: string,
  port: number,
  cluster: string,
  { config = '', env, probe, ...options }: ServerOptions,
): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-nats-'))
  const file = options.file ?? join(directory, 'nats.conf')
  if (!options.file) {
    const common = `server_name: ${name}\njetstream { store_dir: $NATS_STORE }\n`
    await writeFile(file, `${common}${cluster}\n${config}\n`)
  }
  const monitor = await freePort()
  const args = ['-c', file, '-a', '127.0.0.1', '-p', `${port}`, '-m', `${monitor}`]
  let child: ChildProcess | undefined
  const server: NatsServer = {
    port,
    name,
    url: `nats://127.0.0.1:${port}`,
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
    async start() {
      const program = process.env['NATS_SERVER'] ?? 'nats-server'
      child = spawn(program, args, {
        stdio: 'ignore',
        env: { ...process.env, NATS_STORE: join(directory, 'store'), ...env },
      })
      await untilReady(server, probe)
    },
    freeze() {
      child?.kill('SIGSTOP')
    },
    thaw() {
      child?.kill('SIGCONT')
    },
    async isHealthy() {
      const answer = await request(`http://127.0.0.1:${monitor}/healthz`, { reset: true })
      await answer.body.dump()
      return answer.statusCode === 200
    },
  }
  t.teardown(async () => {
    await server.kill()
    await rm(directory, { recursive: true, force: true })
  })
  return server
}

/** Resolves when the server lets us in; a single one has its streams ready by then. */
async function untilReady({ url, port }: NatsServer, probe?: NodeConnectionOptions): Promise<void> {
  await until(
    `nats-server on port ${port}`,
    async () => {
      try {
        const nc = await connect({ servers: url, reconnect: false, timeout: 1000, ...probe })
        await nc.close()
        return true
      } catch {
        return false
      }
    },
    START,
  )
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

/** Opens a log on NATS with generous options for those not given; it is closed when the test ends. */
export function openLog(t: Teardown, options: Partial<NatsLogOptions>): NatsLog {
  const log = openNatsLog({
    servers: [],
    name: 'tidings',
    replicas: 1,
    ...logOptions(),
    ...options,
  })
  t.teardown(() => log.close())
  return log
}

/** For a tail whose log neither changes nor is overtaken by retention. */
export function noReset(): never {
  throw new Error('the tail was reset')
}
