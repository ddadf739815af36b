import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GrantSet } from '../auth/grant-set.ts'
import type { Appended, Draft, Log } from '../log/log.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type { PublishAnswer } from '../protocol/publish.ts'
import type { Stats } from '../stream/stats.ts'
import { type PublishTrace, tracePublish } from '../tracing/publish.ts'
import { type Authenticate, principalOf } from './authentication.ts'
import { refuseCodings, takeBodies } from './body.ts'
import { newId } from './new-id.ts'
import { Problem } from './problem.ts'
import { toDrafts } from './publish-drafts.ts'
import { readEvent } from './publish-event.ts'
import { demandFormat, formatOf } from './publish-formats.ts'
import { itemReader } from './publish-item.ts'
import type { Items } from './publish-items.ts'
import { publishOperation } from './publish-operation.ts'
import type { RateLimit } from './rate-limit.ts'

/** What the route needs. */
export interface PublishOptions {
  readonly authenticate: Authenticate
  /** once the body is there */
  readonly renew: Authenticate
  readonly log: Log
  /** of the log, as in `bounds()`; throws LogUnavailable when that is not known yet */
  readonly epoch: () => string
  /** the longest `ttl` */
  readonly retentionSeconds: number
  /** of the request, as sent */
  readonly maxBodyBytes: number
  /** of requests */
  readonly rateLimits: readonly RateLimit[]
  /** what is published, and how long it takes, is counted up */
  readonly stats: Stats
}

/** Fastify plugin: `POST /v1/notifications`. */
export function publishRoute(app: FastifyInstance, options: PublishOptions, done: () => void): void {
  const { authenticate, renew, log, epoch, maxBodyBytes, rateLimits, stats } = options
  const readers = { notifications: itemReader(options.retentionSeconds), events: readEvent }

  // Whatever its media type: the data of an event may have any.
  takeBodies(app, ['*'])

  app.post<{ Body: Buffer | undefined }>(
    '/v1/notifications',
    {
      config: { operation: publishOperation(options.retentionSeconds) },
      bodyLimit: maxBodyBytes,
      onRequest: [authenticate, refuseCodings, ...rateLimits, demandFormat],
      preHandler: renew,
    },
    (request, reply) =>
      tracePublish(request.headers['traceparent']?.toString(), (trace) => store(request, reply, trace)),
  )
  done()

  async function store(
    request: FastifyRequest<{ Body: Buffer | undefined }>,
    reply: FastifyReply,
    { span, traceparent }: PublishTrace,
  ): Promise<PublishAnswer> {
    const { decode, holds } = formatOf(request)
    // An event without data may have no body at all.
    const items = decode(request.body ?? Buffer.alloc(0), request.raw.rawHeaders)
    const granted = new GrantSet(principalOf(request).grants.publish)
    const drafts = toDrafts(items, {
      readItem: readers[holds],
      defaultId: defaultIds(request, items),
      mayPublish: (channel) => granted.permits(channel),
      traceparent,
    })
    span.setAttribute('messaging.batch.message_count', drafts.length)
    // Before anything is stored: a log that has not been reached has none.
    const itsEpoch = epoch()
    const began = performance.now()
    const outcomes = await log.append(drafts)
    stats.appendSeconds.observe((performance.now() - began) / 1000)
    const stored = count(drafts, outcomes)
    reply.code(stored === 0 ? 200 : 201)
    return {
      notifications: outcomes.map(({ position, duplicate }, index) => {
        const { id, channel } = drafts[index] as Draft
        return { id, channel, cursor: formatCursor(itsEpoch, position), duplicate }
      }),
    }
  }

  /** @returns how many were not there already */
  function count(drafts: readonly Draft[], outcomes: readonly Appended[]): number {
    const stored = drafts.filter((_, index) => !outcomes[index]?.duplicate)
    stats.published += stored.length
    stats.duplicates += drafts.length - stored.length
    for (const { data } of stored) stats.publishedBytes += Buffer.byteLength(data)
    return stored.length
  }
}

/** What items without an id get: the `Idempotency-Key` (contract §3), with `:N` in a batch, or a new UUIDv7. */
function defaultIds({ headers, raw }: FastifyRequest, items: Items): (index: number) => string {
  const key = headers['idempotency-key']
  if (key === undefined) return () => newId()
  // Node makes one of repeated headers, joined by a comma, which a key may have in it.
  const sent = raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'idempotency-key')
  const longestSuffix = items.batch ? `:${items.values.length - 1}` : ''
  if (sent.length > 1 || key === '' || !/^[\x20-\x7e]{1,128}$/.test(key + longestSuffix)) {
    throw new Problem('bad-idempotency-key', 'There may be one key, of 1 to 128 printable ASCII characters.')
  }
  return items.batch ? (index) => `${key}:${index}` : () => String(key)
}
