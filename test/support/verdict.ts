import type { Test } from 'tap'
import { parseCursor } from '../../src/protocol/cursor.ts'
import type { Follower } from './follower.ts'
import type { Schedules } from './schedules.ts'
import type { Acknowledged, Traffic } from './traffic.ts'
import { until } from './until.ts'

/** What is wrong with what a follower was brought: numbers of notifications. */
export interface Verdict {
  /** acknowledged, and not brought */
  readonly missing: number
  /** brought before */
  readonly repeated: number
  /** not behind the one before it in the log */
  readonly outOfOrder: number
  /** never acknowledged, or somewhere else in the log */
  readonly unknown: number
  /** times it was told that something can't be had any more */
  readonly gaps: number
}

/** Nothing is. */
export const FLAWLESS: Verdict = { missing: 0, repeated: 0, outOfOrder: 0, unknown: 0, gaps: 0 }

/** Compares what a follower was brought, from where it began, with what was acknowledged. */
export function judge(follower: Follower, acknowledged: readonly Acknowledged[]): Verdict {
  const expected = new Map(
    acknowledged
      .filter(({ channel, position }) => follower.channels.has(channel) && position > follower.begin)
      .map(({ id, position }) => [id, position]),
  )
  const seen = new Set<string>()
  let [repeated, outOfOrder, unknown, latest] = [0, 0, 0, follower.begin]
  for (const { id, cursor } of follower.received) {
    const position = parseCursor(cursor)?.position ?? Number.NaN
    if (seen.has(id)) repeated++
    if (!(position > latest)) outOfOrder++
    if (expected.get(id) !== position) unknown++
    seen.add(id)
    latest = position
  }
  const missing = [...expected.keys()].filter((id) => !seen.has(id)).length
  return { missing, repeated, outOfOrder, unknown, gaps: follower.gaps.length }
}

/** What is wrong with all of them together. */
export function total(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((one, other) => ({
    missing: one.missing + other.missing,
    repeated: one.repeated + other.repeated,
    outOfOrder: one.outOfOrder + other.outOfOrder,
    unknown: one.unknown + other.unknown,
    gaps: one.gaps + other.gaps,
  }))
}

/** How much later than a fault lasted a scheduled notification may be published, in milliseconds. */
const LATE = 2000

/**
 * Ends the traffic, waits until all followers have what was acknowledged, and what was scheduled, ends them, and says whether each got
 * all, once, in order.
 */
export async function conclude(
  t: Test,
  traffic: Traffic,
  followers: readonly Follower[],
  schedules?: Schedules,
): Promise<void> {
  await traffic.stop()
  const outage = Math.max(traffic.longestSilence, longestSilence(followers))
  const scheduled = (await schedules?.conclude(t, outage + LATE)) ?? []
  const acknowledged = [...traffic.acknowledged, ...scheduled]
  const last = acknowledged.reduce((greatest, { position }) => Math.max(greatest, position), 0)
  await until(
    'all have come to the end',
    () => followers.every(({ position }) => position >= last),
    30,
  ).catch(
    // What is missing tells more.
    ({ message }: Error) => t.fail(message),
  )
  await Promise.all(followers.map((follower) => follower.stop()))
  t.ok(acknowledged.length > 0, `${acknowledged.length} notifications were acknowledged`)
  for (const follower of followers) {
    const { name, received, streams } = follower
    t.ok(received.length > 0, `${name}: ${received.length} notifications over ${streams} streams`)
    t.strictSame(judge(follower, acknowledged), FLAWLESS, `${name}: none missing, repeated or out of order`)
  }
}

/** The longest time, in milliseconds, for which one of the followers got nothing. */
export function longestSilence(followers: readonly Follower[]): number {
  return Math.round(Math.max(...followers.map((follower) => follower.longestSilence)))
}
