import type { ErrorCode } from '../protocol/codes.ts'
import { FALLBACKS, type Fallback } from '../protocol/fallbacks.ts'
import type { GapReason, TransportKind } from '../protocol/messages.ts'
import { Histogram } from './histogram.ts'
import type { CloseReason } from './transport.ts'

/** One number for each transport. */
export type ByTransport = Record<TransportKind, number>

/** What was turned away because there was too much of it: streams beyond a cap, and what came too often. */
export type ByLimit = Record<'connections' | 'connects' | 'publishes' | 'frames' | 'subscribes', number>

/** One number for each reason that has come up. */
export type Tallies<Reason extends string> = Partial<Record<Reason, number>>

/**
 * What this instance has done since it started. Plain numbers: whoever does a thing counts it up, at the cost of an addition, and
 * whoever shows them reads them. All but `connections` only grow.
 */
export interface Stats {
  /** streams that are open now, long-polls that wait among them */
  readonly connections: ByTransport
  /** streams that were opened */
  readonly opened: ByTransport
  /** streams that ended, by reason */
  readonly closed: Readonly<Record<TransportKind, Tallies<CloseReason>>>
  /** notifications that publishers have had stored here; duplicates don't count */
  published: number
  /** the bytes of their data */
  publishedBytes: number
  /** notifications that were there already */
  duplicates: number
  /** notifications that publishers have had scheduled here, to be published later */
  scheduled: number
  /** how much later than they were due this instance has published them, in seconds */
  readonly scheduleLate: Histogram
  /** how long it took until what one request published was durable, in seconds */
  readonly appendSeconds: Histogram
  /** notifications that were handed to transports, once for each subscriber */
  readonly delivered: ByTransport
  /** bytes of the writes that did so, framing and all */
  readonly deliveredBytes: ByTransport
  /**
   * from when a notification was stored to when it was written, in seconds, for each that went to a subscriber which had everything
   * before; taken once for all that a turn of the event loop brought, from the oldest to the last write
   */
  readonly lag: Readonly<Record<TransportKind, Histogram>>
  /** times that a connection could take no more, and its subscriber fell back to its cursor */
  readonly filled: ByTransport
  /** reads of those who catch up: batches of the window */
  windowReads: number
  /** and pages of the log */
  logReads: number
  /** times that a subscriber was told of a gap, by reason */
  readonly gaps: Record<GapReason, number>
  /** how far behind the log's head a cursor was that a client came with, in positions */
  readonly resumeDistance: Readonly<Record<TransportKind, Histogram>>
  /** better transports that clients said they could not have */
  readonly fallbacks: Record<Fallback, number>
  /** times that the tail could not go on where it was */
  readonly tailResets: Record<GapReason, number>
  /** times that a limit was exceeded */
  readonly rejected: ByLimit
  /** credentials that were not good, or could not be judged, by code */
  readonly authFailures: Tallies<ErrorCode>
}

/** Seconds: from what a turn of the event loop takes to what a person takes for a fault. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Positions, by powers of ten: from up to date, by way of what the window holds, to what only the log does. */
const POSITIONS = [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]

/** Nothing has happened yet. */
export function startStats(): Stats {
  return {
    connections: byTransport(() => 0),
    opened: byTransport(() => 0),
    closed: byTransport(() => ({})),
    published: 0,
    publishedBytes: 0,
    duplicates: 0,
    scheduled: 0,
    scheduleLate: new Histogram(SECONDS),
    appendSeconds: new Histogram(SECONDS),
    delivered: byTransport(() => 0),
    deliveredBytes: byTransport(() => 0),
    lag: byTransport(() => new Histogram(SECONDS)),
    filled: byTransport(() => 0),
    windowReads: 0,
    logReads: 0,
    gaps: { retention: 0, epoch: 0 },
    resumeDistance: byTransport(() => new Histogram(POSITIONS)),
    fallbacks: Object.fromEntries(FALLBACKS.map((fallback) => [fallback, 0])) as Record<Fallback, number>,
    tailResets: { retention: 0, epoch: 0 },
    rejected: { connections: 0, connects: 0, publishes: 0, frames: 0, subscribes: 0 },
    authFailures: {},
  }
}

/** One more for `reason`. */
export function tally<Reason extends string>(tallies: Tallies<Reason>, reason: Reason): void {
  tallies[reason] = (tallies[reason] ?? 0) + 1
}

function byTransport<Value>(start: () => Value): Record<TransportKind, Value> {
  return { websocket: start(), sse: start(), 'long-poll': start() }
}
