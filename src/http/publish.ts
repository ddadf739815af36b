import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GrantSet } from '../auth/grant-set.ts'
import type { Appended, Draft, Log } from '../log/log.ts'
import { type ScheduledDraft, ScheduleFull, type Standing } from '../log/schedule.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type { PublishAnswer, Published, Scheduled } from '../protocol/publish.ts'
import type { Clock } from '../stream/clock.ts'
import type { Dispatcher } from '../stream/dispatcher.ts'
import type { Stats } from '../stream/stats.ts'
import { type PublishTrace, tracePublish } from '../tracing/publish.ts'
import { type Authenticate, principalOf } from './authentication.ts'
import { refuseCodings, takeBodies } from './body.ts'
import { newId } from './new-id.ts'
import { Problem } from './problem.ts'
import { isScheduled, toDrafts } from './publish/drafts.ts'
import { readEvent } from './publish/event.ts'
import { demandFormat, formatOf } from './publish/formats.ts'
import { itemReader } from './publish/item.ts'
import type { Items } from './publish/items.ts'
import { publishOperation } from './publish/operation.ts'
import type { RateLimit } from './rate-limit.ts'

/** What the route needs. */
export interface PublishOptions {
  readonly authenticate: Authenticate
  /** once the body is there */
  readonly renew: Authenticate
  readonly log: Log
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  /** of the log, as in `bounds()`; throws LogUnavailable when that is not known yet */
  readonly epoch: () => string
  /** the longest `ttl`, and how far ahead a notification may be scheduled */
  readonly retentionSeconds: number
  /** of the request, as sent */
  readonly maxBodyBytes: number
  /** of requests */
  readonly rateLimits: readonly RateLimit[]
  /** what is published, and how long it takes, is counted up */
  readonly stats: Stats
}

/** Seconds after which a publisher that found no room in the schedule may try again. */
const FULL_RETRY_AFTER = 10

/** Fastify plugin: `POST /v1/notifications`. */
export function publishRoute(app: FastifyInstance, options: PublishOptions, done: () => void): void {
  const { authenticate, renew, log, dispatcher, clock, epoch, maxBodyBytes, rateLimits, stats } = options
  const readers = { notifications: itemReader(options.retentionSeconds, clock.now), events: readEvent }

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
    const later = drafts.filter(isScheduled)
    const atOnce = drafts.filter((draft) => !isScheduled(draft))
    // The later ones first, for there may be no room: then nothing of the request is stored.
    const standings = (later.length > 0 ? await dispatcher.add(later).catch(refuse) : []).values()
    const outcomes = (atOnce.length > 0 ? await append(atOnce) : []).values()
    const notifications = drafts.map((draft) =>
      isScheduled(draft)
        ? scheduled(draft, standings.next().value as Standing, itsEpoch)
        : published(draft, outcomes.next().value as Appended, itsEpoch),
    )
    const added = notifications.filter(({ duplicate }) => !duplicate)
    reply.code(added.some((one) => 'at' in one) ? 202 : added.length > 0 ? 201 : 200)
    return { notifications }
  }

  async function append(drafts: readonly Draft[]): Promise<Appended[]> {
    const began = performance.now()
    const outcomes = await log.append(drafts)
    stats.appendSeconds.observe((performance.now() - began) / 1000)
    count(drafts, outcomes)
    return outcomes
  }

  function count(drafts: readonly Draft[], outcomes: readonly Appended[]): void {
    const stored = drafts.filter((_, index) => !outcomes[index]?.duplicate)
    stats.published += stored.length
    stats.duplicates += drafts.length - stored.length
    for (const { data } of stored) stats.publishedBytes += Buffer.byteLength(data)
  }
}

function published({ id, channel }: Draft, { position, duplicate }: Appended, epoch: string): Published {
  return { id, channel, cursor: formatCursor(epoch, position), duplicate }
}

function scheduled(
  { id, channel }: ScheduledDraft,
  { due, state, position, duplicate }: Standing,
  epoch: string,
): Scheduled {
  const cursor = position === undefined ? {} : { cursor: formatCursor(epoch, position) }
  return { id, channel, at: new Date(due).toISOString(), state, ...cursor, duplicate }
}

function refuse(error: unknown): never {
  if (!(error instanceof ScheduleFull)) throw error
  throw new Problem('too-many-scheduled', `${error.message}.`, { retryAfter: FULL_RETRY_AFTER })
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
