import type { ChannelSet } from '../protocol/channel-set.ts'
import type { Peers } from './peers.ts'
import type { Schedule } from './schedule.ts'

/**
 * The log: the ordered, durable store of all notifications, with replay and a live tail. Everything else is a cursor over it.
 *
 * Positions are whole numbers that grow along the log; they need not be contiguous. Position 0 is before everything.
 */
export interface Log {
  /** how the driver has fared */
  readonly stats: LogStats

  /** what is to be published later */
  readonly schedule: Schedule

  /** the other instances that share it */
  readonly peers: Peers

  /**
   * Stores notifications, all or none, in the order given, and resolves when they are durable. (On NATS, which stores one at a time, a
   * call that fails may be stored in part, and one that was refused at first comes later: see ARCHITECTURE.md.)
   *
   * The identity of a notification is its channel and id: within the idempotency window, one that is there already is not
   * stored again but answered with the first one's position; this holds within one call, too.
   *
   * @returns one outcome a draft, in the same order
   * @throws LogUnavailable when the log can't take them now; sending the same drafts again is safe
   */
  append(drafts: readonly Draft[]): Promise<Appended[]>

  /**
   * Follows the log: calls `onBatch` with every notification after `after`, in order, exactly once, never with an empty batch,
   * and never from within `append` or `tail` itself. Recovers by itself. Expired notifications (`ttl`) are included: whoever
   * delivers them must look.
   *
   * @param onReset what was to come next can't be had any more: retention has taken it before it could be brought, or the log is
   *   another one now, which its new epoch says. The tail goes on from `bounds.first`
   * @returns ends it: neither is called any more once this has returned
   */
  tail(
    after: number,
    onBatch: (batch: readonly Notification[]) => void,
    onReset: (bounds: Bounds) => void,
  ): () => void

  /**
   * Reads on from a position: a page of what is on `channels`, without what has expired.
   *
   * A page is bounded in three ways: `limit` notifications, `PAGE_BYTES` of data (but at least one notification), and the
   * driver's own bound on what it looks through at once, so a page may be empty and still get further: read on from `through`
   * until it reaches the end that you know.
   */
  read(channels: ChannelSet, after: number, limit: number): Promise<Page>

  /**
   * Finds the place from which the newest `count` notifications on `channels` follow (fewer, where there are fewer, or where a
   * driver would have to look through more than it does for one call: at least 100,000 notifications).
   * @returns a position for `read`; at least `bounds().first - 1`
   */
  newest(channels: ChannelSet, count: number): Promise<number>

  /** Where the log begins and ends now. */
  bounds(): Promise<Bounds>

  /** Ends the tails, waits for appends under way, and lets go of files and connections. Later calls throw LogUnavailable. */
  close(): Promise<void>
}

/** What a driver has had to do since it was opened, in plain numbers that only grow. Where there is no server they stay 0. */
export interface LogStats {
  /** connections to the log's server that were made, the first among them */
  connects: number
  /** tails that were set up anew, for they were silent or not complete */
  tailRestarts: number
}

/** Nothing has happened yet. */
export function startLogStats(): LogStats {
  return { connects: 0, tailRestarts: 0 }
}

/** The most bytes of data in one page, unless its only notification is larger. */
export const PAGE_BYTES = 64 * 1024

/** What a publisher hands over. */
export interface Draft {
  readonly channel: string
  readonly id: string
  readonly type?: string
  /** JSON text */
  readonly data: string
  /** seconds; after that it is not delivered */
  readonly ttl?: number
  /** of the publish, as in `protocol/traceparent.ts` */
  readonly traceparent?: string
}

/** An immutable stored notification. */
export interface Notification {
  readonly position: number
  readonly channel: string
  readonly id: string
  readonly type?: string
  /** when it was stored, milliseconds since 1970 */
  readonly time: number
  /** JSON text */
  readonly data: string
  /** when it ceases to be delivered (`ttl`), milliseconds since 1970 */
  readonly expires?: number
  /** of the publish, as in `protocol/traceparent.ts` */
  readonly traceparent?: string
}

/** What became of a draft. */
export interface Appended {
  /** where it is, or where the first of its identity is */
  readonly position: number
  /** it was there before and has not been stored again */
  readonly duplicate: boolean
}

/** Part of the log after a position. */
export interface Page {
  /** in log order */
  readonly notifications: readonly Notification[]
  /** everything wanted up to here is in this page; at least the position asked for */
  readonly through: number
  /** retention has taken notifications that came after the position asked for; the page starts behind them */
  readonly gap: boolean
}

/** The ends of the log. */
export interface Bounds {
  /** which log it is: another one when the store was made anew; 1 to 16 of `0-9a-z` */
  readonly epoch: string
  /** the oldest position still kept; `last + 1` when nothing is */
  readonly first: number
  /** the newest position ever given out; 0 when none was */
  readonly last: number
}

/** How long and how much a log keeps; the same for every driver. */
export interface LogOptions {
  /** seconds after which a notification is taken by retention */
  readonly retentionSeconds: number
  /** bytes (channel, id, type and data, plus a driver's overhead) beyond which the oldest are taken */
  readonly retentionBytes: number
  /** seconds for which an identity is remembered */
  readonly idempotencySeconds: number
  /** the most notifications that may be scheduled; together they may have `retentionBytes`, too */
  readonly maxScheduled: number
}

/** The log can't do it now; the same may be tried again. Answered with `503` and `Retry-After`. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
}
