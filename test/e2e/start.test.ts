import t from 'tap'
import { get, publish } from '../support/clients/requests.ts'
import { followEverywhere } from '../support/follower.ts'
import { prepareInstance, startInstances, untilReady } from '../support/instances.ts'
import { freePort, startNats } from '../support/nats.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { conclude } from '../support/verdict.ts'

t.test('two instances that start at the same moment on an empty NATS share one log', async (t) => {
  const { url } = await startNats(t)
  const instances = await startInstances(t, 2, url)
  const traffic = startTraffic(t, instances)
  const followers = followEverywhere(t, instances)
  await until('everybody gets notifications', () => followers.every(({ received }) => received.length > 50))
  await conclude(t, traffic, followers)
})

t.test('an instance whose NATS is not there yet runs, says so, and serves once it is', async (t) => {
  const port = await freePort()
  const instance = await prepareInstance(t, `nats://127.0.0.1:${port}`)
  await instance.launch()
  t.equal((await get(instance, '/livez')).status, 200)
  t.match(await get(instance, '/readyz'), {
    status: 503,
    body: { code: 'log-unavailable', detail: /can not be reached: NATS: .*refused/ },
  })
  for (const answer of [
    await publish(instance, { channel: 'a', data: 1 }),
    await get(instance, '/v1/stream?channel=a'),
  ]) {
    t.match(answer, { status: 503, body: { code: 'log-unavailable' } })
    t.ok(Number(answer.headers['retry-after']) > 0)
  }

  await startNats(t, { port })
  await untilReady(instance)
  t.equal((await publish(instance, { channel: 'a', data: 1 })).status, 201)
  t.match(await get(instance, '/v1/stream?channel=a&cursor=earliest'), {
    status: 200,
    body: { notifications: [{ data: 1 }] },
  })
})
