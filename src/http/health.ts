import type { FastifyInstance } from 'fastify'
import { type Log, LogUnavailable } from '../log/log.ts'
import { Problem } from './problem.ts'

/** What the routes need. */
export interface HealthOptions {
  readonly log: Log
  /** says whether this instance is being stopped */
  readonly draining: () => boolean
}

const OK = { status: 'ok' }

/** Fastify plugin: `GET /livez`, is the process to be kept; `GET /readyz`, is it to be sent clients (contract §7). */
export function healthRoutes(app: FastifyInstance, { log, draining }: HealthOptions, done: () => void): void {
  app.addHook('onSend', (_request, reply, payload, sent) => {
    reply.header('cache-control', 'no-store')
    sent(null, payload)
  })

  app.get('/livez', () => Promise.resolve(OK))

  app.get('/readyz', async () => {
    if (draining()) throw new Problem('draining', 'This instance is being stopped.')
    await log.bounds().catch((cause) => {
      throw new LogUnavailable('the log does not answer', { cause })
    })
    return OK
  })
  done()
}
