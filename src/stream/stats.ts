import type { TransportKind } from '../protocol/messages.ts'

/** One number for each transport. */
export type ByTransport = Record<TransportKind, number>

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
  }
}
