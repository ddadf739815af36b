import type { ServerResponse } from 'node:http'
import type { EventMessage, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FastifySSEPlugin } from 'fastify-sse-v2'
import type { Clock } from '../stream/clock.ts'
import { acceptsEvents } from './accept.ts'
import { type Authenticate, demandAdmin } from './authentication.ts'
import type { Figures } from './figures.ts'
import { isGone } from './gone.ts'
import { Problem } from './problem.ts'
import { STATS_OPERATION } from './stats-operation.ts'

/** What the route needs. */
export interface StatsOptions {
  readonly authenticate: Authenticate
  /** closed with the app */
  readonly figures: Figures
  readonly clock: Clock
}

/** So many may watch at once: they are operators. One more is answered with 503 `at-capacity`. */
const MOST_VIEWERS = 100

/** Between two events, in milliseconds. */
const EVERY_MS = 1_000

/** What EventSource waits before it comes back, in milliseconds; one that found no place likewise. */
const RETRY_MS = 2_000

/** Fastify plugin: `GET /v1/stats`, this instance's figures, as JSON or, once a second, as Server-Sent Events. */
export function statsRoute(
  app: FastifyInstance,
  { authenticate, figures, clock }: StatsOptions,
  done: () => void,
): void {
  const viewers = new Set<ServerResponse>()
  let coming: Promise<string> | undefined

  app.register(FastifySSEPlugin, { retryDelay: RETRY_MS })

  const config = { operation: STATS_OPERATION }
  app.get('/v1/stats', { config, onRequest: [authenticate, demandAdmin] }, async (request, reply) => {
    if (acceptsEvents(request.headers)) return watch(request, reply)
    reply.header('cache-control', 'no-store')
    return figures.read()
  })

  app.addHook('preClose', (closed) => {
    for (const viewer of viewers) viewer.destroy()
    closed()
  })
  app.addHook('onClose', async () => figures.close())
  done()

  function watch(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (isGone(request, reply)) return reply
    if (viewers.size >= MOST_VIEWERS) {
      throw new Problem('at-capacity', `${MOST_VIEWERS} watch already.`, { retryAfter: RETRY_MS / 1000 })
    }
    const viewer = reply.raw
    viewers.add(viewer)
    viewer.on('close', () => viewers.delete(viewer))
    reply.header('x-accel-buffering', 'no')
    reply.sse(events(request, viewer))
    return reply
  }

  /** The plugin asks for the next only when the viewer has taken the last: who is slow misses some, and nothing is queued. */
  async function* events(
    request: FastifyRequest,
    viewer: ServerResponse,
  ): AsyncGenerator<EventMessage, void> {
    try {
      let data = JSON.stringify(await figures.read())
      while (viewers.has(viewer)) {
        yield { data }
        data = await next()
        // Its token may have run out, or been revoked.
        await authenticate(request)
        await demandAdmin(request)
      }
    } catch (error) {
      if (error instanceof Problem) return
      // The plugin listens for no error of its source: it would end the process.
      app.log.error({ err: error }, 'no figures')
      viewer.destroy()
    }
  }

  /** The figures of a second from now: all who wait get the same, and while nobody does, there is no timer. */
  function next(): Promise<string> {
    coming ??= new Promise<void>((resolve) => clock.after(EVERY_MS, resolve)).then(async () => {
      coming = undefined
      return JSON.stringify(await figures.read())
    })
    return coming
  }
}
