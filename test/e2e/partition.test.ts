import t, { type Test } from 'tap'
import { get, publish } from '../support/clients/requests.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type Follower, followEverywhere } from '../support/follower.ts'
import { type Instance, prepareInstance, startInstances, untilReady } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startSchedules } from '../support/schedules.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { conclude, longestSilence } from '../support/verdict.ts'

/** How often each fault comes. */
const FAULTS = process.env['TIDINGS_TEST_LONG'] ? 5 : 1

/** An instance that is cut off from NATS, and its clients. */
interface CutOff {
  readonly instance: Instance
  readonly followers: readonly Follower[]
}

/** The ways in which a connection to NATS can be lost, and what `/readyz` then says. */
const LOSSES: Readonly<Record<string, { lose(proxy: FaultProxy): void; readonly reason: RegExp }>> = {
  'a connection that is reset, and refused for a while': {
    lose(proxy) {
      proxy.fault = 'refuse'
      proxy.cut()
    },
    reason: /can not be reached: NATS: .*(reset|closed|refused|lost)/i,
  },
  'a connection that swallows everything for a while': {
    lose(proxy) {
      proxy.fault = 'swallow'
    },
    reason: /can not be reached: NATS: .*(ping|timeout)/i,
  },
}

/** What an instance without NATS does for its clients, and for those that publish. */
async function checkPatience(t: Test, { instance, followers }: CutOff, reason: RegExp): Promise<void> {
  await until('/readyz says why', async () => {
    const { status, body } = await get(instance, '/readyz')
    return status === 503 && reason.test((body as { detail: string }).detail)
  })
  // It is answered only when it is too late for it; meanwhile there are heartbeats.
  const refusal = publish(instance, { channel: 'elsewhere', id: 'while it is cut off', data: 1 })
  // What was on its way when the connection was lost comes before the next heartbeat.
  await heartbeats(1)
  const stood = followers.map(({ position }) => position)
  await heartbeats(2)
  t.strictSame(
    followers.map(({ position }) => position),
    stood,
    'the cursors stand still',
  )
  const { status, headers } = await refusal
  t.equal(status, 503, 'a publish is refused')
  t.ok(Number(headers['retry-after']) > 0, 'and told when to come back')

  async function heartbeats(count: number): Promise<void> {
    const before = followers.map(({ heartbeats }) => heartbeats)
    const hasBeaten = ({ heartbeats }: Follower, n: number) => heartbeats >= (before[n] ?? 0) + count
    await until('there are heartbeats', () => followers.every(hasBeaten))
  }
}

t.test(
  'clients stay where they are while their instance is cut off from NATS, and then get all',
  async (t) => {
    const server = await startNats(t)
    const proxy = await startFaultProxy(t, server.port)
    const [publisher] = (await startInstances(t, 1, server.url)) as [Instance]
    const instance = await prepareInstance(t, `nats://127.0.0.1:${proxy.port}`)
    await instance.start()
    const traffic = startTraffic(t, [publisher])
    const schedules = startSchedules(t, [publisher, instance])
    const followers = followEverywhere(t, [instance])
    await until('everybody gets notifications', () => followers.every(({ received }) => received.length > 50))

    for (let n = 0; n < FAULTS; n++) {
      for (const [name, { lose, reason }] of Object.entries(LOSSES)) {
        await t.test(name, async (t) => {
          const [before, stood] = [
            traffic.acknowledged.length,
            followers.map(({ received }) => received.length),
          ]
          lose(proxy)
          await checkPatience(t, { instance, followers }, reason)
          t.ok(traffic.acknowledged.length > before + 200, 'meanwhile others publish')
          proxy.fault = 'pass'
          const healed = performance.now()
          await untilReady(instance)
          const go = () => followers.every(({ received }, n) => received.length > (stood[n] ?? 0) + 100)
          await until('everybody gets what was missed', go)
          t.comment(`${Math.round(performance.now() - healed)} ms from healing to deliveries`)
        })
      }
    }
    await conclude(t, traffic, followers, schedules)
    for (const { name, streams } of followers) t.equal(streams, 1, `${name}: it never had to come back`)
    t.comment(`at most ${longestSilence(followers)} ms without deliveries`)
  },
)
