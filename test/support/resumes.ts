import type { Test } from 'tap'
import type { Target } from './clients/requests.ts'
import { ABRUPT_CLIENTS, Follower } from './follower.ts'
import { CHANNELS, startTraffic } from './traffic.ts'
import { conclude } from './verdict.ts'

/** The most notifications that a stream is left to bring before it is cut. */
const MOST = 40

/**
 * Has a client for each ordered pair of transports, all at once and under load, begin on the first, be cut, and resume on the second,
 * `count` times, each time at the next of `targets`; then says whether each got everything, once, in order.
 */
export async function cutAndResume(t: Test, targets: readonly Target[], count: number): Promise<void> {
  const traffic = startTraffic(t, targets)
  const pairs = ABRUPT_CLIENTS.flatMap((before) => ABRUPT_CLIENTS.map((after) => [before, after] as const))
  const followers = await Promise.all(
    pairs.map(async ([before, after], n) => {
      const name = `${before.transport} → ${after.transport}`
      const channels = [CHANNELS[n] as string, 'load:2:*', '*:3:4', `load:*:${n % 5}`]
      const follower = new Follower(t, name, channels)
      const target = (leg: number) => targets[(n + leg) % targets.length] as Target
      for (let leg = 0; leg < 2 * count; leg++) {
        const enough = follower.received.length + 1 + Math.floor(Math.random() * MOST)
        const kind = leg % 2 === 0 ? before : after
        await follower.follow({ kind, target: target(leg) }, () => follower.received.length >= enough)
      }
      // The last stream stays, until the traffic has ended.
      void follower.roam([{ kind: after, target: target(0) }])
      return follower
    }),
  )
  await conclude(t, traffic, followers)
}
