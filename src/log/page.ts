import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ChannelSet } from '../protocol/channel-set.ts'
import { type Notification, PAGE_BYTES, type Page } from './log.ts'

/** The most notifications looked through in one go, so that a search holds the event loop for a few milliseconds only. */
export const SCAN = 2000

/**
 * The most notifications looked through for the newest on some channels: a pattern that matches nothing would have the whole log read
 * for one request.
 */
export const LOOK_BACK = 100_000

/** What is looked for. */
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
    if (isWanted(candidate, channels, now)) {
      bytes += Buffer.byteLength(candidate.data)
      if (bytes > PAGE_BYTES && notifications.length > 0) return { notifications, through }
      notifications.push(candidate)
    }
    through = candidate.position
  }
  return { notifications, through: Math.max(through, end) }
}

/**
 * Finds the place from which the newest `limit` notifications follow, looking back from `end`, a stretch each turn of the event loop,
 * and no further than LOOK_BACK.
 *
 * @param candidatesBefore all that may be on the channels before a position, the newest first
 * @returns the position before the oldest of them; `end` when there are none
 */
export async function findNewest(
  candidatesBefore: (position: number) => Iterable<Notification>,
  { channels, limit, now }: Search,
  end: number,
): Promise<number> {
  let missing = limit
  let oldest = end + 1
  let looked = 0
  for (let reached = end + 1; missing > 0 && looked < LOOK_BACK; await nextTurn()) {
    let seen = 0
    for (const candidate of candidatesBefore(reached)) {
      reached = candidate.position
      if (isWanted(candidate, channels, now)) {
        oldest = candidate.position
        missing--
      }
      if (++seen === SCAN || missing === 0) break
    }
    if (seen < SCAN) break
    looked += seen
  }
  return oldest - 1
}

/** Says whether a search for what is on `channels` at `now`, milliseconds since 1970, is to find `candidate`. */
export function isWanted(candidate: Notification, channels: ChannelSet, now: number): boolean {
  return (candidate.expires === undefined || candidate.expires > now) && channels.has(candidate.channel)
}
