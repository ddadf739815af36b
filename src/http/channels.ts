import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GrantSet } from '../auth/grant-set.ts'
import { isChannelName } from '../protocol/channel.ts'
import type { ChannelPresence, PresencePage } from '../protocol/presence.ts'
import type { ProblemDetail } from '../protocol/problem.ts'
import type { Presence } from '../stream/presence.ts'
import { type Authenticate, principalOf } from './authentication.ts'
import { CHANNEL_OPERATION, CHANNELS_OPERATION, channelsQuery } from './channels-operation.ts'
import { check } from './check.ts'
import { Problem } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'

/** What the routes need. */
export interface ChannelsOptions {
  readonly authenticate: Authenticate
  readonly presence: Presence
  /** of requests */
  readonly rateLimits: readonly RateLimit[]
}

/** Fastify plugin: `GET /v1/channels/{channel}` and `GET /v1/channels`, who is there. */
export function channelsRoutes(
  app: FastifyInstance,
  { authenticate, presence, rateLimits }: ChannelsOptions,
  done: () => void,
): void {
  const onRequest = [authenticate, ...rateLimits]

  app.get<{ Params: { channel: string } }>(
    '/v1/channels/:channel',
    { config: { operation: CHANNEL_OPERATION }, onRequest },
    async (request, reply): Promise<ChannelPresence> => {
      const { channel } = request.params
      if (!isChannelName(channel)) throw badQuery([{ pointer: '/channel', detail: 'not a channel name' }])
      demandGrant(request, channel)
      const [subscribers = 0] = await presence.counts([channel])
      reply.header('cache-control', 'no-store')
      return { channel, subscribers }
    },
  )

  app.get(
    '/v1/channels',
    { config: { operation: CHANNELS_OPERATION }, onRequest },
    async (request, reply): Promise<PresencePage> => {
      const errors: ProblemDetail[] = []
      const query = check(channelsQuery, request.query, '', errors)
      if (!query) throw badQuery(errors)
      demandGrant(request, query.pattern)
      const { channels, next } = await presence.list(query.pattern, query.after, query.limit)
      reply.header('cache-control', 'no-store')
      return { channels, ...(next !== undefined && { next }) }
    },
  )
  done()
}

/** Whoever may publish on channels may know who would get it; others are not told whether somebody is there. */
function demandGrant(request: FastifyRequest, channels: string): void {
  const { grants } = principalOf(request)
  if (grants.admin || new GrantSet(grants.publish).permits(channels)) return
  throw new Problem('forbidden', `No grant to publish covers ${channels}, and there is no \`admin\`.`)
}

function badQuery(errors: readonly ProblemDetail[]): Problem {
  return new Problem('bad-query', 'What is asked for is not valid: see `errors`.', { errors })
}
