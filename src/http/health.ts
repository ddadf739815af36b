import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { LogUnavailable } from '../log/log.ts'
import type { Operation } from './openapi/operation.ts'
import { Problem } from './problem.ts'

/** What the routes need. */
export interface HealthOptions {
  /** Resolves when the log is within reach; rejects with LogUnavailable, which says why it isn't. */
  readonly reach: () => Promise<unknown>
  /** says whether this instance is being stopped */
  readonly draining: () => boolean
}

const OK = { status: 'ok' } as const

const answers: Operation['answers'] = {
  200: {
    description: 'Yes.',
    content: { 'application/json': z.strictObject({ status: z.literal(OK.status) }) },
  },
}

const LIVEZ: Operation = {
  id: 'livez',
  tag: 'Operation',
  summary: 'Is the process to be kept?',
  access: 'everyone',
  answers,
}

const READYZ: Operation = {
  id: 'readyz',
  tag: 'Operation',
  summary: 'Is the instance to be sent clients?',
  access: 'everyone',
  answers,
  problems: ['draining', 'log-unavailable'],
}

/** Fastify plugin: `GET /livez`, is the process to be kept; `GET /readyz`, is it to be sent clients (contract §7). */
export function healthRoutes(
  app: FastifyInstance,
  { reach, draining }: HealthOptions,
  done: () => void,
): void {
  app.addHook('onSend', (_request, reply, payload, sent) => {
    reply.header('cache-control', 'no-store')
    sent(null, payload)
  })

  app.get('/livez', { config: { operation: LIVEZ } }, () => Promise.resolve(OK))

  app.get('/readyz', { config: { operation: READYZ } }, async () => {
    if (draining()) throw new Problem('draining', 'This instance is being stopped.')
    await reach().catch((cause) => {
      if (!(cause instanceof LogUnavailable)) throw cause
      throw new Problem('log-unavailable', `The log can not be reached: ${cause.message}.`)
    })
    return OK
  })
  done()
}
