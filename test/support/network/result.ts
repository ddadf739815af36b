import type { Feed } from './feed.ts'
import { type Happening, isLive, type Record } from './record.ts'

/** What a row has come to in one runtime. Times are in seconds. */
export interface Result {
  readonly runtime: string
  /** from connecting on */
  readonly live: number | undefined
  /** the transport that was live first, and the one at the end */
  readonly first: string | undefined
  readonly last: string | undefined
  /** from connecting to the first notification, of those published since */
  readonly notified: number | undefined
  /** from the healing until it was live over the transport that it ended with */
  readonly back: number | undefined
  /** the longest that a notification was on its way, outages included */
  readonly slowest: number | undefined
  /** notifications published while it was live or later that did not come */
  readonly missing: number
  readonly repeated: number
  readonly isInOrder: boolean
}

/** Draws the sum of what a client has told. */
export function resultOf(record: Record, feed: Feed, healedAt: number | undefined): Result {
  const { runtime, numbers, happenings } = record
  const begun = happenings[0]?.at ?? 0
  const since = (one: { at: number } | undefined, start = begun) => one && (one.at - start) / 1000
  const live = record.find(isLive())
  const notified = record.find(({ kind }) => kind === 'notification')
  // Nothing could come before the healing of a row that began broken.
  const beganBroken = healedAt !== undefined && (live?.at ?? 0) > healedAt
  // It wants what comes after its place in the log, which it has by the time that it is live, or which its first notification shows.
  const due = Math.min(numbers[0] ?? Number.POSITIVE_INFINITY, feed.firstSince(live?.at ?? begun))
  const got = new Set(numbers)
  return {
    runtime,
    live: beganBroken ? undefined : since(live),
    first: live?.kind === 'status' ? live.transport : undefined,
    last: record.transport,
    notified: beganBroken ? undefined : since(notified),
    back:
      healedAt === undefined ? undefined : since(record.find(isLive(record.transport), healedAt), healedAt),
    slowest: slowestOf(happenings, feed),
    missing: feed.sentAt.filter((_, n) => n >= due && !got.has(n)).length,
    repeated: numbers.length - got.size,
    isInOrder: numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0)),
  }
}

function slowestOf(happenings: readonly Happening[], { sentAt }: Feed): number | undefined {
  const delays = happenings.flatMap((one) =>
    one.kind === 'notification' ? [one.at - (sentAt[one.n] ?? one.at)] : [],
  )
  return delays.length > 0 ? Math.max(...delays) / 1000 : undefined
}
