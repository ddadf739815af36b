import t from 'tap'
import { ABRUPT_CLIENTS, Follower, type Route } from '../support/follower.ts'
import { startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { CHANNELS, startTraffic } from '../support/traffic.ts'
import { conclude } from '../support/verdict.ts'

/** How often each pair of transports is cut and resumed. */
const RESUMES = process.env['TIDINGS_TEST_LONG'] ? 50 : 6

t.test(
  'a client that is cut goes on, by any other transport at any other instance, where it was',
  async (t) => {
    const { url } = await startNats(t)
    const instances = await startInstances(t, 3, url)
    const traffic = startTraffic(t, instances)

    const pairs = ABRUPT_CLIENTS.flatMap((before) => ABRUPT_CLIENTS.map((after) => [before, after] as const))
    const followers = await Promise.all(
      pairs.map(async ([before, after], n) => {
        const name = `${before.transport} → ${after.transport}`
        const follower = new Follower(t, name, [CHANNELS[n] ?? '', 'load:2:*', '*:3:4', `load:*:${n % 5}`])
        const at = (leg: number) => instances[(n + leg) % instances.length] as Route['target']
        for (let leg = 0; leg < 2 * RESUMES; leg++) {
          const enough = follower.received.length + 1 + Math.floor(Math.random() * 40)
          await follower.follow(
            { kind: leg % 2 === 0 ? before : after, target: at(leg) },
            () => follower.received.length >= enough,
          )
        }
        // The last stream stays, to the end of the traffic.
        void follower.roam([{ kind: after, target: at(0) }])
        return follower
      }),
    )
    await conclude(t, traffic, followers)
  },
)
