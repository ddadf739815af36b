import t from 'tap'
import { followEverywhere } from '../support/follower.ts'
import { startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startSchedules } from '../support/schedules.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { conclude, longestSilence } from '../support/verdict.ts'

/** How often all instances are restarted. */
const ROUNDS = process.env['TIDINGS_TEST_LONG'] ? 5 : 1

t.test('all instances are restarted, one after the other, under load', async (t) => {
  const { url } = await startNats(t)
  const instances = await startInstances(t, 3, url)
  const traffic = startTraffic(t, instances)
  const schedules = startSchedules(t, instances)
  const followers = followEverywhere(t, instances)
  await until('everybody gets notifications', () => followers.every(({ received }) => received.length > 50))

  for (let round = 0; round < ROUNDS; round++) {
    for (const instance of instances) {
      t.match(await instance.stop(), { code: 0, signal: null }, 'it ends in good order')
      await instance.start()
    }
  }
  await conclude(t, traffic, followers, schedules)
  // A long-poll client may be between two polls when its instance is told to stop: then the next one is refused.
  for (const { name, byes } of followers.filter(({ name }) => !name.startsWith('long-poll'))) {
    t.match(byes, [{ reason: 'draining' }], `${name}: it was told to come back elsewhere`)
  }
  t.comment(`at most ${longestSilence(followers)} ms without deliveries`)
})
