import type { FastifyInstance } from 'fastify'
import { GrantSet } from '../auth/grant-set.ts'
import { isChannelName } from '../protocol/channel.ts'
import type { Dispatcher } from '../stream/dispatcher.ts'
import { type Authenticate, principalOf } from './authentication.ts'
import { CANCEL_OPERATION, notScheduled } from './cancel-operation.ts'
import { Problem } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'

/** What the route needs. */
export interface CancelOptions {
  readonly authenticate: Authenticate
  readonly dispatcher: Dispatcher
  /** of requests */
  readonly rateLimits: readonly RateLimit[]
}

interface Identity {
  readonly channel: string
  readonly id: string
}

/** Fastify plugin: `DELETE /v1/notifications/{channel}/{id}`, which cancels what is not yet due. */
export function cancelRoute(
  app: FastifyInstance,
  { authenticate, dispatcher, rateLimits }: CancelOptions,
  done: () => void,
): void {
  app.delete<{ Params: Identity }>(
    '/v1/notifications/:channel/:id',
    { config: { operation: CANCEL_OPERATION }, onRequest: [authenticate, ...rateLimits] },
    async (request, reply) => {
      const { channel, id } = request.params
      // Grants are asked about names alone: what is none could be a channel and the beginning of an id to the log, and to them another channel.
      if (!isChannelName(channel)) throw notScheduled()
      if (!new GrantSet(principalOf(request).grants.publish).permits(channel)) {
        throw new Problem('forbidden', 'No grant covers the channel.')
      }
      const settlement = await dispatcher.cancel(channel, id)
      if (settlement === 'published') {
        throw new Problem('already-published', 'It has been published, or is being so.')
      }
      if (settlement === undefined) throw notScheduled()
      return reply.code(204).send()
    },
  )
  done()
}
