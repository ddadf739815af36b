import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Log } from '../log/log.ts'
import type { Hub } from '../stream/hub.ts'
import type { ByTransport } from '../stream/stats.ts'
import type { Pace } from '../stream/subscriber.ts'
import { type Authenticate, demandAdmin } from './authentication.ts'
import { exposition, MEDIA_TYPE, type Metric, measureProcess, metricsOf } from './metrics/exposition.ts'
import type { Snapshot } from './metrics/family.ts'
import type { Operation } from './openapi/operation.ts'
import { reached } from './reached.ts'
import type { Siblings } from './siblings.ts'

/** What the route needs. */
export interface MetricsOptions {
  readonly authenticate: Authenticate
  /** who may read them: an admin, or whoever comes */
  readonly readers: 'admin' | 'everyone'
  readonly hub: Hub
  readonly log: Log
  readonly draining: () => boolean
  /** Resolves when the instance could be sent clients, were it not draining; rejects with LogUnavailable. */
  readonly reach: () => Promise<unknown>
  /** default: none */
  readonly siblings?: Siblings<readonly Metric[]> | undefined
  /** what this worker is called among them */
  readonly worker?: string | undefined
}

/** Fastify plugin: `GET /metrics`, what this instance has done, for Prometheus. */
export function metricsRoute(app: FastifyInstance, options: MetricsOptions, done: () => void): void {
  const { authenticate, readers, hub, log, draining, reach, siblings, worker } = options
  const own = async () => metricsOf(await snapshot(), worker)

  measureProcess()
  siblings?.answer(own)
  const config = { operation: operationFor(readers) }
  const onRequest = readers === 'admin' ? [authenticate, demandAdmin] : []
  app.get('/metrics', { config, onRequest }, async (_request, reply) => {
    const [mine, others] = await Promise.all([own(), siblings?.ask()])
    reply.header('cache-control', 'no-store').type(MEDIA_TYPE)
    return exposition([mine, ...(others ?? [])])
  })
  done()

  async function snapshot(): Promise<Snapshot> {
    const [bounds, window, isReached] = await Promise.all([
      reached(() => log.bounds()),
      reached(() => hub.window),
      reached(() => reach().then(() => true)),
    ])
    const isDraining = draining()
    return {
      ...{ stats: hub.stats, logStats: log.stats, paces: pacesOf(hub), window, bounds },
      scheduled: bounds ? log.schedule.pending() : undefined,
      ready: isReached === true && !isDraining,
      draining: isDraining,
    }
  }
}

function operationFor(readers: MetricsOptions['readers']): Operation {
  return {
    id: 'metrics',
    tag: 'Operation',
    summary: 'What the instance has done, for Prometheus',
    access: readers,
    answers: {
      200: { description: "Prometheus' text format.", content: { [MEDIA_TYPE]: z.string() } },
    },
  }
}

function pacesOf({ subscribers }: Hub): Record<Pace, ByTransport> {
  const none = () => ({ websocket: 0, sse: 0, 'long-poll': 0 })
  const paces = { live: none(), 'catching-up': none(), blocked: none() }
  for (const { pace, kind } of subscribers) paces[pace][kind]++
  return paces
}
