import t, { type Test } from 'tap'
import { type Crowd, gather } from '../support/crowd.ts'
import { type Instance, startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startNginx } from '../support/nginx.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { FLAWLESS } from '../support/verdict.ts'

const [CLIENTS_OF_EACH, DRAIN_SECONDS] = process.env['TIDINGS_TEST_LONG'] ? [1000, 20] : [100, 3]

/** Over how long it is counted who comes back, in seconds. */
const INTERVAL = Math.max(1, DRAIN_SECONDS / 10)

/** How long the service may take to end for a second SIGTERM, in milliseconds: half a second after the first it counts as one. */
const AT_ONCE = 2500

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
    const traffic = startTraffic(t, [nginx], crowd.channels)
    await until('everybody gets notifications', async () => (await crowd.progress()).least > 0, 30)

    for (const [n, instance] of instances.entries()) {
      const { leaving, came, late } = await restart(t, instance, crowd)
      // All who must leave, over the window. Whoever is due while the crowd's process has no time comes with those who are due just then.
      const even = (leaving / DRAIN_SECONDS) * (INTERVAL + late)
      const most = busiest(came)
      const figures = `instance ${n}: ${leaving} left; of ${came.length} who came back at most ${most} did within ${INTERVAL} s, ${(most / even).toFixed(2)} times the even pace; the crowd was up to ${late.toFixed(2)} s late`
      t.ok(leaving > 0 && came.length >= leaving && most <= 2 * even, figures)
      t.comment(figures)
    }

    const before = await crowd.progress()
    const told = performance.now()
    t.match(await instances[0]?.stopAtOnce(), { code: 143, signal: null }, 'a second SIGTERM ends it')
    const took = performance.now() - told
    t.ok(took < AT_ONCE, `${Math.round(took)} ms after the first`)
    await traffic.stop()
    const { acknowledged } = traffic
    const { verdict, deliveries } = await crowd.reckon(acknowledged)
    t.ok((await crowd.progress()).openings.length > before.openings.length, 'and its streams')
    t.strictSame(verdict, FLAWLESS, 'of no client anything is missing, repeated or out of order')
    t.comment(`${acknowledged.length} published, ${deliveries} delivered`)
  },
)

/** Restarts one instance; resolves with how many streams had to leave it, and when clients came back, to whichever and whatever for. */
async function restart(t: Test, instance: Instance, crowd: Crowd) {
  const before = await crowd.progress()
  const began = Date.now()
  t.match(await instance.stop(), { code: 0, signal: null }, 'it ends in good order')
  await instance.start()
  const { byes, openings, late } = await crowd.progress()
  const came = openings.filter((time) => time >= began).sort((a, b) => a - b)
  return { leaving: byes - before.byes, came, late }
}

/** The most of `times`, which are in order, within one interval, wherever it begins. */
function busiest(times: readonly number[]): number {
  let first = 0
  let most = 0
  for (const [n, time] of times.entries()) {
    while (time - (times[first] ?? time) >= INTERVAL * 1000) first++
    most = Math.max(most, n - first + 1)
  }
  return most
}
