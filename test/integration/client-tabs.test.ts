import t from 'tap'
import { startApp } from '../support/app.ts'
import { FakeBrowser } from '../support/browser.ts'
import { Publisher, startClient, upTo } from '../support/client.ts'
import { openGate } from '../support/gate.ts'
import { until } from '../support/until.ts'

/** Quicker than life, so that the tests are. */
const timings = { probe: 200, backoff: 50, margin: 500, ready: 1_000 }

t.test('two tabs hold one connection, and each is handed what it asked for', async (t) => {
  const { url, port } = await startApp(t)
  const gate = await openGate(t, port)
  const browser = new FakeBrowser()
  const first = startClient(t, gate.url, { ...browser.tab(), timings, channels: ['other'] })
  await first.live('websocket')
  const second = startClient(t, gate.url, { ...browser.tab(), timings })
  await second.live('tab')
  const publisher = new Publisher(() => url)
  publisher.start(2)
  await until('many', () => publisher.count > 50)
  const last = await publisher.stop()
  await second.had(last)
  t.same(second.numbers, upTo(last))
  t.same(first.numbers, [], 'the leader has none of what only the other wants')
  t.same(gate.seen, ['websocket'])
})

t.test('a tab that follows adds and drops channels through the one that leads', async (t) => {
  const { url, port } = await startApp(t)
  const gate = await openGate(t, port)
  const browser = new FakeBrowser()
  const first = startClient(t, gate.url, { ...browser.tab(), timings, channels: ['other'] })
  await first.live('websocket')
  const second = startClient(t, gate.url, { ...browser.tab(), timings, channels: ['third'] })
  await second.live('tab')
  second.stream.subscribe('numbers')
  const publisher = new Publisher(() => url)
  await until('some', async () => {
    await publisher.publish()
    return second.numbers.length > 1
  })
  second.stream.unsubscribe('numbers')
  const had = [...second.numbers]
  await publisher.publish()
  t.same(second.numbers, had)
  t.same(gate.seen, ['websocket'])
})

for (const end of ['closes', 'crashes'] as const) {
  t.test(
    `when the tab that leads ${end}, another takes over, and no one misses or repeats anything`,
    async (t) => {
      const { url, port } = await startApp(t)
      const gate = await openGate(t, port)
      const browser = new FakeBrowser()
      const tabs = [0, 1, 2, 3].map(() => browser.tab())
      const clients = tabs.map((tab) => startClient(t, gate.url, { ...tab, timings }))
      await clients[0]?.live('websocket')
      for (const client of clients.slice(1)) await client.live('tab')
      const publisher = new Publisher(() => url)
      publisher.start(2)
      for (const [i, client] of clients.slice(0, -1).entries()) {
        await clients[3]?.had(publisher.count + 20)
        if (end === 'crashes') tabs[i]?.crash()
        client.stream.close()
        await clients[i + 1]?.live('websocket')
      }
      const last = await publisher.stop()
      await clients[3]?.had(last)
      t.same(clients[3]?.numbers, upTo(last))
      for (const { numbers } of clients)
        t.same(numbers, upTo(numbers.length - 1), 'each had all until it went')
    },
  )
}

t.test(
  'a tab that comes with a cursor of its own catches up alone, and follows when it stands where the leader does',
  async (t) => {
    const { url, port } = await startApp(t)
    const gate = await openGate(t, port)
    const browser = new FakeBrowser()
    const publisher = new Publisher(() => url)
    const first = startClient(t, gate.url, { ...browser.tab(), timings, channels: ['other'] })
    await first.live('websocket')
    for (let n = 0; n < 10; n++) await publisher.publish()
    const second = startClient(t, gate.url, { ...browser.tab(), timings, cursor: 'earliest' })
    await second.had(9)
    // With pauses, in which both stand at the same place, however busy the machine is.
    publisher.start(100)
    await second.live('tab')
    await second.had(publisher.count + 5)
    const last = await publisher.stop()
    await second.had(last)
    t.same(second.numbers, upTo(last))
  },
)

t.test('a tab that holds too much for its loop lets another lead', async (t) => {
  const { url, port } = await startApp(t)
  const gate = await openGate(t, port)
  const browser = new FakeBrowser()
  const first = startClient(t, gate.url, { ...browser.tab(), timings })
  await first.live('websocket')
  const second = startClient(t, gate.url, { ...browser.tab(), timings })
  await second.live('tab')
  const loop = first.stream[Symbol.asyncIterator]()
  const waited = loop.next()
  const publisher = new Publisher(() => url)
  await publisher.publishMany(1_100)
  await until('paused', () => first.stream.status.reason === 'paused')
  await second.live('websocket')
  const last = await publisher.stop()
  await second.had(last)
  t.same(second.numbers, upTo(last))
  t.same((await waited).value?.data, { n: 0 })
})

t.test('tabs of other groups, and those that want no sharing, have connections of their own', async (t) => {
  const { port } = await startApp(t)
  const gate = await openGate(t, port)
  const browser = new FakeBrowser()
  for (const tabs of ['ann', 'ben', false]) {
    await startClient(t, gate.url, { ...browser.tab(), timings, tabs }).live('websocket')
  }
  t.same(gate.seen, ['websocket', 'websocket', 'websocket'])
})
