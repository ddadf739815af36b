import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { everyoneAuthenticator } from '../../src/auth/everyone.ts'
import { authentication } from '../../src/http/authentication.ts'
import { errorOptions, registerClientErrors } from '../../src/http/client-error.ts'
import { readNoCredential } from '../../src/http/credential.ts'
import { registerErrors } from '../../src/http/errors.ts'
import { healthRoutes } from '../../src/http/health.ts'
import { registerHosts } from '../../src/http/host.ts'
import { publishRoute } from '../../src/http/publish.ts'
import type { Appended, Bounds, Draft, Log } from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type Clock, systemClock } from '../../src/stream/clock.ts'
import { Dispatcher } from '../../src/stream/dispatcher.ts'
import { startStats } from '../../src/stream/stats.ts'

export const RETENTION_SECONDS = 3600
export const MAX_BODY_BYTES = 1024 * 1024

/** The routes of `src/http` without a stream, over a memory log, on a free port of the loopback. */
export interface PublishService {
  readonly app: FastifyInstance
  readonly log: Log
  readonly bounds: Bounds
  readonly port: number
  readonly url: string
}

/** What a test may want otherwise. */
export interface PublishServiceOptions {
  readonly log?: Log
  readonly clock?: Clock
  readonly draining?: () => boolean
  readonly server?: FastifyServerOptions
  /** routes besides */
  readonly routes?: (app: FastifyInstance) => void
}

/** Listens until `t` ends. */
export async function servePublish(
  t: { teardown(fn: () => Promise<void>): void },
  {
    log = testLog(),
    clock = systemClock,
    draining = () => false,
    server = {},
    routes,
  }: PublishServiceOptions = {},
): Promise<PublishService> {
  const app = Fastify({ ...errorOptions, forceCloseConnections: true, ...server })
  const bounds = await log.bounds().catch((): Bounds => ({ epoch: 'none', first: 1, last: 0 }))
  registerErrors(app, clock)
  registerClientErrors(app)
  registerHosts(app, undefined)
  const authenticate = authentication(app, everyoneAuthenticator, readNoCredential)
  const stats = startStats()
  const dispatcher = new Dispatcher({
    ...{ schedule: log.schedule, clock, stats },
    report: (error) => {
      throw error
    },
  })
  app.register(healthRoutes, { reach: () => log.bounds(), draining })
  app.register(publishRoute, {
    authenticate,
    renew: authenticate,
    log,
    dispatcher,
    clock,
    epoch: () => bounds.epoch,
    retentionSeconds: RETENTION_SECONDS,
    maxBodyBytes: MAX_BODY_BYTES,
    rateLimits: [],
    stats,
  })
  routes?.(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    await app.close()
    await dispatcher.close()
    await log.close()
  })
  const { port } = app.server.address() as AddressInfo
  return { app, log, bounds, port, url: `http://127.0.0.1:${port}` }
}

/** A memory log that keeps everything a test publishes. */
export function testLog(): Log {
  return openMemoryLog({
    retentionSeconds: RETENTION_SECONDS,
    retentionBytes: 1024 ** 3,
    idempotencySeconds: 120,
    maxScheduled: 100,
  })
}

/** A test's log whose appends go through `append` first. */
export function logWith(append: (drafts: readonly Draft[], inner: Log) => Promise<Appended[]>): Log {
  const inner = testLog()
  return {
    stats: inner.stats,
    schedule: inner.schedule,
    peers: inner.peers,
    append: (drafts) => append(drafts, inner),
    tail: (after, onBatch, onReset) => inner.tail(after, onBatch, onReset),
    read: (channels, after, limit) => inner.read(channels, after, limit),
    newest: (channels, count) => inner.newest(channels, count),
    bounds: () => inner.bounds(),
    close: () => inner.close(),
  }
}

/** What came back on a connection until the server closed it. */
export interface RawAnswer {
  /** status of each response, in order */
  readonly statuses: readonly number[]
  /** headers of the last one */
  readonly head: string
  /** body of the last one */
  readonly body: string
}

/**
 * Sends `bytes` as they are on a connection of its own, and reads until the server closes it.
 *
 * @param finish closes our side when all is sent
 */
export async function sendRaw(port: number, bytes: string | Buffer, finish = false): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  // A server that closes in the middle of what is sent may reset the connection: what it said before counts.
  socket.on('error', () => undefined)
  if (finish) socket.end(bytes)
  else socket.write(bytes)
  await once(socket, 'close')
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  const end = answer.lastIndexOf('\r\n\r\n')
  return {
    statuses,
    head: answer.slice(answer.lastIndexOf('HTTP/1.1 ', end), end),
    body: answer.slice(end + 4),
  }
}
