import t, { type Test } from 'tap'
import { gather, judgeAll } from '../support/crowd.ts'
import type { Follower } from '../support/follower.ts'
import { type Instance, startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startNginx } from '../support/nginx.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { FLAWLESS, longestSilence, settle } from '../support/verdict.ts'

const [CLIENTS_OF_EACH, DRAIN_SECONDS] = process.env['TIDINGS_TEST_LONG'] ? [1000, 20] : [100, 3]

/** No interval of so many milliseconds, wherever it begins, may see more than twice what the even pace brings in it. */
const INTERVAL = 1000

/** What a second SIGTERM may take to end it, in milliseconds: it counts as another than the first after half a second. */
const AT_ONCE = 1500

t.test(
  'P-34 a rolling restart behind nginx costs nobody anything, and nobody comes in a burst',
  async (t) => {
    const { url } = await startNats(t)
    const instances = await startInstances(t, 3, url, {
      TIDINGS_DRAIN_SECONDS: `${DRAIN_SECONDS}`,
      TIDINGS_HEARTBEAT_SECONDS: '5',
    })
    const nginx = await startNginx(t, instances)
    const crowd = await gather(t, nginx, CLIENTS_OF_EACH)
    const { followers, channels } = crowd
    const traffic = startTraffic(t, [nginx], channels)
    await until(
      'everybody gets notifications',
      () => followers.every(({ received }) => received.length > 0),
      30,
    )

    for (const [n, instance] of instances.entries()) {
      const { leaving, came } = await restart(t, instance, followers)
      // `leaving` streams over the window: so many would come in an interval if they were spread like the teeth of a comb.
      const pace = (leaving * INTERVAL) / (DRAIN_SECONDS * 1000)
      const burst = busiest(came)
      const figures = `at instance ${n} ${leaving} left, ${pace.toFixed(1)} a second; ${came.length} came back, at most ${burst} in a second`
      t.ok(leaving > 0 && burst <= 2 * pace, figures)
      t.comment(figures)
    }
    const streamsBefore = streamsOf(followers)
    const toldTwice = performance.now()
    t.match(await instances[0]?.stopAtOnce(), { code: 143, signal: null }, 'a second SIGTERM ends it')
    const took = performance.now() - toldTwice
    t.ok(took < AT_ONCE, `${Math.round(took)} ms after the first`)
    await settle(t, traffic, followers)
    t.ok(streamsOf(followers) > streamsBefore, 'which broke streams')

    const { acknowledged } = traffic
    t.strictSame(judgeAll(crowd, acknowledged), FLAWLESS, 'none missing, repeated or out of order')
    t.comment(
      `${followers.length} clients got ${total(followers, ({ received }) => received.length)} deliveries of ${acknowledged.length} notifications; at most ${longestSilence(followers)} ms without one`,
    )
  },
)

/**
 * Restarts one instance, and resolves with how many streams had to leave it, and when a client came back meanwhile, to whichever
 * instance, and whatever had ended its stream.
 */
async function restart(t: Test, instance: Instance, followers: readonly Follower[]) {
  const began = performance.now()
  const byesBefore = byesTo(followers)
  t.match(await instance.stop(), { code: 0, signal: null }, 'it ends in good order')
  await instance.start()
  const came = followers.flatMap(({ openings }) => openings.filter((time) => time >= began))
  return { leaving: byesTo(followers) - byesBefore, came: came.sort((a, b) => a - b) }
}

/** The most of `times`, which are in order, in one interval. */
function busiest(times: readonly number[]): number {
  let first = 0
  let most = 0
  for (const [n, time] of times.entries()) {
    while (time - (times[first] ?? time) >= INTERVAL) first++
    most = Math.max(most, n - first + 1)
  }
  return most
}

function byesTo(followers: readonly Follower[]): number {
  return total(followers, ({ byes }) => byes.length)
}

function streamsOf(followers: readonly Follower[]): number {
  return total(followers, ({ streams }) => streams)
}

function total(followers: readonly Follower[], count: (follower: Follower) => number): number {
  return followers.reduce((sum, follower) => sum + count(follower), 0)
}
