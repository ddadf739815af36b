import type { ChannelSet } from '../protocol/channel-set.ts'
import { type Notification, PAGE_BYTES, type Page } from './log.ts'

/** The most notifications looked through in one go, so that a search holds the event loop for a few milliseconds only. */
export const SCAN = 2000

/** What a page or a count is made from. */
export interface Search {
  readonly channels: ChannelSet
  /** the most notifications wanted */
  readonly limit: number
  /** the time by which `ttl` is judged, milliseconds since 1970 */
  readonly now: number
}

/**
 * Fills a page from notifications in log order.
 *
 * @param candidates all that may be on the channels, after the position asked for
 * @param end where the page has come to when the candidates run out
 */
export function fillPage(
  candidates: Iterable<Notification>,
  { channels, limit, now }: Search,
  after: number,
  end: number,
): Omit<Page, 'gap'> {
  const notifications: Notification[] = []
  let through = after
  let bytes = 0
  let seen = 0
  for (const candidate of candidates) {
    if (notifications.length === limit || seen++ === SCAN) return { notifications, through }
    if (wanted(candidate, channels, now)) {
      bytes += Buffer.byteLength(candidate.data)
      if (bytes > PAGE_BYTES && notifications.length > 0) return { notifications, through }
      notifications.push(candidate)
    }
    through = candidate.position
  }
  return { notifications, through: Math.max(through, end) }
}

/** How far a search for the newest has come. */
export interface Found {
  /** how many it has found */
  readonly count: number
  /** the position of the last one looked at; `undefined` when there was nothing to look at */
  readonly reached: number | undefined
}

/** Counts back along notifications in reverse log order, until it has found `limit` or looked at `SCAN`. */
export function countBack(candidates: Iterable<Notification>, { channels, limit, now }: Search): Found {
  let count = 0
  let seen = 0
  let reached: number | undefined
  for (const candidate of candidates) {
    reached = candidate.position
    if (wanted(candidate, channels, now)) count++
    if (count === limit || ++seen === SCAN) break
  }
  return { count, reached }
}

function wanted(candidate: Notification, channels: ChannelSet, now: number): boolean {
  return (candidate.expires === undefined || candidate.expires > now) && channels.has(candidate.channel)
}
