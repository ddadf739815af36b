import t from 'tap'
import { startApp } from '../support/app.ts'
import { startClient } from '../support/client.ts'
import { get, publish, publishNumbers } from '../support/clients/requests.ts'
import { watchStats } from '../support/stats.ts'
import { until } from '../support/until.ts'

const MOST_VIEWERS = 100

for (const transport of ['websocket', 'sse', 'long-poll'] as const) {
  t.test(`a stream over ${transport} is counted there, and no longer when it has gone`, async (t) => {
    const service = await startApp(t)
    const client = startClient(t, service.url, { transports: [transport] })
    await client.live()
    const open = async () => ((await get(service, '/v1/stats')).body as { connections: object }).connections
    const none = { websocket: 0, sse: 0, 'long-poll': 0, all: 0 }
    await until('counted', async () => (await open())[transport as never] === 1)
    t.same(await open(), { ...none, [transport]: 1, all: 1 })
    client.stream.close()
    await until('gone', async () => (await open())['all' as never] === 0)
    t.same(await open(), none)
  })
}

t.test('a duplicate is not counted as published', async (t) => {
  const service = await startApp(t)
  const item = { channel: 'a', id: 'one', data: 1 }
  await publish(service, item)
  await publish(service, [item, { ...item, id: 'two' }])
  t.match((await get(service, '/v1/stats')).body, { published: { total: 2 } })
})

t.test('without the log there are figures all the same', async (t) => {
  const service = await startApp(t)
  await publishNumbers(service, 'a', 1, 2)
  await service.log.close()
  const { status, body } = await get(service, '/v1/stats')
  t.equal(status, 200)
  t.match(body, { log: null, published: { total: 2 }, window: { notifications: 2 } })
})

t.test('one viewer too many is refused, until another has gone', async (t) => {
  const service = await startApp(t)
  await Promise.all(Array.from({ length: MOST_VIEWERS - 1 }, () => watchStats(t, service)))
  await t.test('the last place', async (t) => {
    t.equal((await watchStats(t, service)).status, 200)
    const refused = await get(service, '/v1/stats', { accept: 'text/event-stream' })
    t.equal(refused.status, 503)
    t.match(refused.body, { code: 'at-capacity' })
    t.equal(refused.headers['retry-after'], '2')
    t.equal((await get(service, '/v1/stats')).status, 200, 'JSON takes no place')
  })
  await until('a place', async () => (await watchStats(t, service)).status === 200)
})

t.test('viewers see that the instance is being stopped, and do not hold it up', async (t) => {
  const { app, url } = await startApp(t, { settings: { drainSeconds: 2 } })
  const client = startClient(t, url)
  await client.live()
  const viewer = await watchStats(t, { url })
  t.match(await viewer.next(), { draining: false, connections: { all: 1 } })
  const drained = app.drain()
  t.match(await viewer.next(), { draining: true })
  await drained
  let last = await viewer.next()
  while (last) last = await viewer.next()
  t.equal(last, undefined, 'the stream of figures has ended')
})
