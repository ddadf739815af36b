import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import { followEverywhere } from '../support/follower.ts'
import { type Instance, startInstances } from '../support/instances.ts'
import { type NatsServer, startCluster, startNats } from '../support/nats.ts'
import { startSchedules } from '../support/schedules.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { conclude, longestSilence } from '../support/verdict.ts'

/** How often each fault comes. */
const FAULTS = process.env['TIDINGS_TEST_LONG'] ? 5 : 1
/** How many notifications everybody gets before a fault, and after it. */
const FLOW = 100
/**
 * The longest time without deliveries that the death of a stream's leader may cost, in milliseconds. The aim is 10 s. NATS draws
 * how long its servers wait before they elect another: 4 to 9 s, for the stream and for JetStream itself, which has to place consumers.
 */
const FAILOVER = 20_000

/** Publishes, with clients of every transport at every instance, while `fault` comes; says how long nothing was delivered. */
async function survive(t: Test, instances: readonly Instance[], fault: () => Promise<void>): Promise<number> {
  const traffic = startTraffic(t, instances)
  const schedules = startSchedules(t, instances)
  const followers = followEverywhere(t, instances)
  const flows = async (): Promise<void> => {
    const before = followers.map(({ received }) => received.length)
    const hasFlowed = () => followers.every(({ received }, n) => received.length >= (before[n] ?? 0) + FLOW)
    await until('everybody gets notifications', hasFlowed, 60)
  }
  await flows()
  for (let n = 0; n < FAULTS; n++) {
    await fault()
    await flows()
  }
  await conclude(t, traffic, followers, schedules)
  const silence = longestSilence(followers)
  t.comment(
    `at most ${Math.round(traffic.longestSilence)} ms without acknowledgements, ${silence} ms without deliveries`,
  )
  return silence
}

t.test('an instance is killed in the middle of everything, and started again', async (t) => {
  const { url } = await startNats(t)
  const instances = await startInstances(t, 3, url)
  let n = 0
  await survive(t, instances, async () => {
    const victim = instances[n++ % instances.length] as Instance
    await victim.kill()
    await victim.start()
  })
})

t.test('the only nats-server is killed in the middle of everything, and started again', async (t) => {
  const server = await startNats(t)
  const instances = await startInstances(t, 3, server.url)
  await survive(t, instances, async () => {
    await server.kill()
    await server.start()
  })
})

t.test('the leader of a stream on three nats-servers is killed in the middle of everything', async (t) => {
  const servers = await startCluster(t)
  const urls = servers.map(({ url }) => url)
  const instances = await startInstances(t, 3, urls.join(), { TIDINGS_NATS_REPLICAS: '3' })
  let dead: NatsServer | undefined
  const silence = await survive(t, instances, async () => {
    await dead?.start()
    // Until all have caught up, the death of one more would leave no two that agree.
    await until(
      'the cluster is whole',
      async () => (await Promise.all(servers.map((server) => server.isHealthy()))).every(Boolean),
      60,
    )
    const leader = await leaderOf(urls)
    dead = servers.find(({ name }) => name === leader)
    t.comment(`the leader is ${leader}`)
    await dead?.kill()
  })
  t.ok(silence <= FAILOVER, `${silence} ms without deliveries are at most ${FAILOVER}`)
})

async function leaderOf(servers: string[]): Promise<string | undefined> {
  const nc = await connect({ servers })
  try {
    return (await (await jetstreamManager(nc)).streams.info('tidings')).cluster?.leader
  } finally {
    await nc.close()
  }
}
