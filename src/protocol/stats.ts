import type { TransportKind } from './messages.ts'

/** One number for each transport, and their sum. */
export type Tally = Readonly<Record<TransportKind | 'all', number>>

/** What has happened since the start, and how often in a second, on average over the last second and over ten. */
export interface Rated<Value> {
  readonly total: Value
  readonly lastSecond: Value
  readonly lastTenSeconds: Value
}

/** A part of the log: everything after `floor`, as far as `head`. Both are cursors. */
export interface Span {
  readonly floor: string
  readonly head: string
}

/** The answer of `GET /v1/stats` (PROTOCOL P-81): one instance's figures, those of its workers added up. */
export interface StatsDocument {
  /** processes whose figures these are */
  readonly workers: number
  /** seconds since it started, or the worker that answers did */
  readonly uptime: number
  /** it is being stopped */
  readonly draining: boolean
  /** streams open now */
  readonly connections: Tally
  /** notifications stored by publishes that this instance answered, without duplicates */
  readonly published: Rated<number>
  /** notifications handed to subscribers of this instance, once for each of them */
  readonly delivered: Rated<Tally>
  /** how often subscribers that caught up were served from the window, and from the log */
  readonly catchUps: { readonly window: number; readonly log: number }
  /** how often a subscriber was told of a gap */
  readonly gaps: number
  /** what was turned away because there was too much of it, by limit: `connections` beyond a cap, the others came too often */
  readonly rejected: Readonly<
    Record<'connections' | 'connects' | 'publishes' | 'frames' | 'subscribes', number>
  >
  /** the newest notifications, held in memory by the worker that answers; `null` as long as the log has not been reached */
  readonly window: (Span & { readonly notifications: number; readonly bytes: number }) | null
  /** what the log keeps; `null` while it can't be reached */
  readonly log: Span | null
}
