import t from 'tap'
import { settingsSchema } from '../../src/config/settings.ts'
import { openEmbeddedLog } from '../../src/log/embedded.ts'
import type { TransportKind } from '../../src/protocol/messages.ts'
import { startApp } from '../support/app.ts'
import { Publisher, publishOverCuts, startClient, upTo } from '../support/client.ts'
import { openGate } from '../support/gate.ts'
import { until } from '../support/until.ts'

const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']

/** Quicker than life, so that the tests are. */
const timings = { probe: 200, backoff: 50, margin: 500, ready: 1_000 }

for (const transport of TRANSPORTS) {
  t.test(`over ${transport} every notification comes once and in order`, async (t) => {
    const { url } = await startApp(t)
    const client = startClient(t, url, { transports: [transport], timings })
    await client.live(transport)
    const publisher = new Publisher(() => url)
    publisher.start(1)
    await until('many', () => publisher.count > 100)
    const last = await publisher.stop()
    await client.had(last)
    t.same(client.numbers, upTo(last))
    t.equal(client.stream.status.transport, transport)
    t.equal(typeof client.stream.cursor, 'string')
  })

  t.test(`over ${transport} a client goes on where it was when the connection is cut`, async (t) => {
    const { url, port } = await startApp(t)
    const gate = await openGate(t, port)
    const client = startClient(t, gate.url, { transports: [transport], timings })
    await client.live()
    const last = await publishOverCuts(client, gate, url, 5)
    t.same(client.numbers, upTo(last))
  })

  t.test(`over ${transport} channels are added and dropped while it runs`, async (t) => {
    const { url, port } = await startApp(t)
    const gate = await openGate(t, port)
    const client = startClient(t, gate.url, { transports: [transport], timings, channels: ['other'] })
    await client.live()
    const publisher = new Publisher(() => url)
    client.stream.subscribe('numbers')
    await until('some', async () => {
      await publisher.publish()
      return client.numbers.length > 1
    })
    client.stream.unsubscribe('numbers')
    const had = [...client.numbers]
    await publisher.publish()
    t.same(client.numbers, had, 'nothing comes of a channel that was dropped')
    t.same(client.stream.channels, ['other'])
    t.same(
      had,
      had.map((_, i) => (had[0] ?? 0) + i),
    )
  })

  t.test(`over ${transport} a client outlives restarts of the service`, async (t) => {
    const directory = t.testdir()
    const settings = settingsSchema.parse({ drainSeconds: 1 })
    const start = async () => {
      const log = openEmbeddedLog(directory, settings)
      const running = await startApp(t, { log, settings })
      return { ...running, log }
    }
    let service = await start()
    const gate = await openGate(t, service.port)
    const client = startClient(t, gate.url, { transports: [transport], timings })
    await client.live()
    const publisher = new Publisher(() => gate.url)
    publisher.start(5)
    for (let round = 0; round < 2; round++) {
      await client.had(publisher.count + 3)
      await service.app.drain()
      await service.log.close()
      service = await start()
      gate.lead(service.port)
    }
    const last = await publisher.stop()
    await client.had(last)
    t.same(client.numbers, upTo(last))
    t.equal(client.stream.status.transport, transport)
  })
}

t.test(
  'a client degrades to what passes, and climbs back when the network heals, without loss',
  async (t) => {
    const { url, port } = await startApp(t)
    const gate = await openGate(t, port)
    const client = startClient(t, gate.url, { timings: { ...timings, hedge: 200 } })
    await client.live('websocket')
    const publisher = new Publisher(() => url)
    publisher.start(2)

    gate.treat({ websocket: 'refuse' })
    gate.cut()
    await client.live('sse')
    gate.treat({ websocket: 'mute', sse: 'mute' })
    gate.cut()
    await client.live('long-poll')
    gate.treat({ websocket: 'mute' })
    await client.live('sse')
    gate.treat({})
    await client.live('websocket')

    const last = await publisher.stop()
    await client.had(last)
    t.same(client.numbers, upTo(last))
  },
)

t.test('a transport that dies young again and again is left for one that lives', async (t) => {
  const { url, port } = await startApp(t)
  const gate = await openGate(t, port)
  gate.treat({ websocket: 'cut' })
  const client = startClient(t, gate.url, { timings })
  const publisher = new Publisher(() => url)
  await client.live('sse')
  await publisher.publish()
  await client.had(0)
  t.same(client.numbers, [0])
})

t.test('what is not there is waited for, and no transport is blamed', async (t) => {
  const { url, port } = await startApp(t)
  const gate = await openGate(t, port)
  const down = { websocket: 'cut', sse: 'refuse', 'long-poll': 'refuse', livez: 'refuse' } as const
  gate.treat({ ...down, websocket: 'refuse' })
  const client = startClient(t, gate.url, { timings })
  await until('offline', () => client.history.includes('offline'))
  gate.treat({})
  await client.live()
  t.equal(client.stream.status.transport, 'websocket')
  t.ok(url)
})

t.test('a service at capacity is waited for as long as it says, over the same transport', async (t) => {
  const { url } = await startApp(t, { settings: { maxConnections: 1 } })
  const first = startClient(t, url, { timings })
  await first.live()
  const second = startClient(t, url, { timings })
  await until('waiting', () => second.history.includes('waiting'))
  t.match(second.stream.status, { state: 'waiting', reason: 'busy' })
  const { until: again = 0 } = second.stream.status
  t.ok(again - Date.now() > 4_000, 'Retry-After is 5 s')
  first.stream.close()
  await second.live('websocket')
})

t.test('what the service refuses for good ends the stream with its code', async (t) => {
  const { url } = await startApp(t)
  const client = startClient(t, url, { channels: ['not a channel'] })
  const codes: string[] = []
  client.stream.on('error', ({ code }) => codes.push(code))
  await until('closed', () => client.stream.status.state === 'closed')
  t.same(codes, ['bad-query'])
  t.equal(client.stream.status.reason, 'refused')
  await t.rejects(client.stream[Symbol.asyncIterator]().next(), { code: 'bad-query' })
})

t.test('a loop is handed every notification, and the cursor follows it', async (t) => {
  const { url } = await startApp(t)
  const publisher = new Publisher(() => url)
  const client = startClient(t, url, { timings, cursor: 'earliest' })
  await client.live()
  const seen: number[] = []
  for (let n = 0; n < 1500; n++) void publisher.publish()
  for await (const { data, cursor } of client.stream) {
    seen.push(data.n)
    t.not(client.stream.cursor, cursor, 'the cursor waits until the loop is done with it')
    if (data.n === 0) await until('more than may wait', () => client.history.includes('waiting'), 20)
    if (data.n === 1499) break
  }
  t.same(seen, upTo(1499))
  t.equal(client.stream.status.state, 'closed', 'leaving the loop closes the stream')
})

t.test('the cursor can be kept over reloads', async (t) => {
  const { url } = await startApp(t)
  const publisher = new Publisher(() => url)
  let kept: string | undefined
  const persist = {
    get: () => kept,
    set: (cursor: string) => {
      kept = cursor
    },
  }
  const before = startClient(t, url, { persist, timings })
  await before.live()
  await publisher.publish()
  await before.had(0)
  before.stream.close()
  await publisher.publish()
  const after = startClient(t, url, { persist, timings })
  await after.had(1)
  t.same(after.numbers, [1])
})
