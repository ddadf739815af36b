import type { TransportKind } from '../protocol/messages.ts'

/** One number for each transport. */
export type ByTransport = Record<TransportKind, number>

/** What was turned away because there was too much of it: streams beyond a cap, and what came too often. */
export type ByLimit = Record<'connections' | 'connects' | 'publishes' | 'frames' | 'subscribes', number>

/**
 * What this instance has done since it started. Plain numbers: whoever does a thing counts it up, at the cost of an addition, and
 * whoever shows them reads them. All but `connections` only grow.
 */
export interface Stats {
  /** streams that are open now, long-polls that wait among them */
  readonly connections: ByTransport
  /** notifications that publishers have had stored here; duplicates don't count */
  published: number
  /** notifications that were handed to transports, once for each subscriber */
  readonly delivered: ByTransport
  /** reads of those who catch up: batches of the window */
  windowReads: number
  /** and pages of the log */
  logReads: number
  /** times that a subscriber was told of a gap */
  gaps: number
  /** times that a limit was exceeded */
  readonly rejected: ByLimit
}

/** Nothing has happened yet. */
export function startStats(): Stats {
  return {
    connections: { websocket: 0, sse: 0, 'long-poll': 0 },
    published: 0,
    delivered: { websocket: 0, sse: 0, 'long-poll': 0 },
    windowReads: 0,
    logReads: 0,
    gaps: 0,
    rejected: { connections: 0, connects: 0, publishes: 0, frames: 0, subscribes: 0 },
  }
}
