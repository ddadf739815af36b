import t from 'tap'
import { startApp } from '../support/app.ts'
import { TRANSPORT_CLIENTS } from '../support/clients/all.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, openRaw } from '../support/raw-http.ts'
import { rejected } from '../support/stats.ts'
import { until } from '../support/until.ts'

t.test('P-133 more publishes in a second than an address may are 429, for a second', async (t) => {
  const service = await startApp(t, { settings: { addressPublishesPerSecond: 3 } })
  const send = () => publish(service, { channel: 'a', data: 1 })
  const answers = await Promise.all(Array.from({ length: 20 }, send))
  const refused = answers.filter(({ status }) => status === 429)
  t.ok(refused.length >= 14, `${refused.length} of 20 are refused`)
  t.match(refused[0], { headers: { 'retry-after': '1' }, body: { code: 'too-many-requests' } })
  t.equal((await service.log.bounds()).last, 20 - refused.length, 'nothing of those is stored')
  t.equal((await rejected(service)).publishes, refused.length)
  await until('it may again', async () => (await send()).status === 201)
})

for (const kind of TRANSPORT_CLIENTS) {
  t.test(`P-133 more streams in a second than an address may begin are 429: ${kind.name}`, async (t) => {
    const service = await startApp(t, { settings: { addressConnectsPerSecond: 2 } })
    const ask = () => get(service, '/v1/stream?channel=a')
    const answers = await Promise.all(Array.from({ length: 10 }, ask))
    const refused = answers.filter(({ status }) => status === 429)
    t.ok(refused.length >= 6, `${refused.length} of 10 are refused`)
    t.match(refused[0], { headers: { 'retry-after': '1' }, body: { code: 'too-many-requests' } })
    await t.rejects(openWebSocket(service, { channel: 'a' }), /429/)
    await until('it may again', async () => {
      const client = await kind.open(service, { channel: 'a' }).catch(() => undefined)
      const first = await client?.inbox.next().catch(() => undefined)
      await client?.close()
      return first?.type === 'ready'
    })
  })
}

t.test('P-133 a long-poll that waits after a cursor is not counted', async (t) => {
  const service = await startApp(t, { settings: { addressConnectsPerSecond: 1 } })
  const { body } = await get(service, '/v1/stream?channel=a')
  const { cursor } = body as { cursor: string }
  await publish(service, { channel: 'a', data: 1 })
  for (let i = 0; i < 10; i++) {
    t.equal((await get(service, `/v1/stream?channel=a&cursor=${cursor}`)).status, 200)
  }
  const history = await Promise.all(
    Array.from({ length: 10 }, () => get(service, `/v1/stream?channel=a&cursor=${cursor}&wait=0`)),
  )
  t.ok(history.filter(({ status }) => status === 429).length > 0, 'one that waits for nothing is')
})

t.test('P-134 too many frames get `error`, then 4429', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { streamFramesPerSecond: 2 } })
  for (const [what, send] of [
    ['messages', ({ say }) => say({ type: 'ping' })],
    ['pings', ({ ws }) => ws.ping()],
    ['pongs', ({ ws }) => ws.pong()],
  ] as const satisfies [string, (client: Awaited<ReturnType<typeof openWebSocket>>) => void][]) {
    const client = await openWebSocket(service, { channel: 'a' })
    await client.inbox.expect('ready')
    for (let i = 0; i < 20; i++) send(client)
    if (what === 'messages') for (let i = 0; i < 20; i++) await client.inbox.expect('pong')
    clock.pass(1_000)
    for (let i = 0; i < 3; i++) send(client)
    if (what === 'messages') for (let i = 0; i < 2; i++) await client.inbox.expect('pong')
    t.match(await client.inbox.expect('error'), { code: 'too-many-requests' }, what)
    t.equal(await client.inbox.ended, 4429)
  }
  t.equal((await rejected(service)).frames, 3)
})

t.test('P-134 who changes channels too often gets `error`, then 4429', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { streamSubscribesPerSecond: 1 } })
  const client = await openWebSocket(service, { channel: 'a' })
  await client.inbox.expect('ready')
  for (let i = 0; i < 10; i++) {
    client.say({ type: i % 2 ? 'subscribe' : 'unsubscribe', channels: ['b'] })
    await client.inbox.next()
  }
  client.say({ type: 'ping' })
  await client.inbox.expect('pong')
  client.say({ type: 'subscribe', channels: ['b'] })
  t.match(await client.inbox.expect('error'), { code: 'too-many-requests' })
  t.equal(await client.inbox.ended, 4429)
  t.equal((await rejected(service)).subscribes, 1)
})

t.test('P-135 a connection that asks nothing, or too slowly, is ended', async (t) => {
  const service = await startApp(t, { settings: { requestTimeoutSeconds: 1 } })
  const whole = getBytes('/v1/notifications', { 'content-type': 'application/json', 'content-length': '9' })
  const publish = `POST ${whole.slice('GET '.length)}`
  const beginnings = ['', publish.slice(0, 10), publish.slice(0, -2), `${publish}{"chan`]
  await Promise.all(
    beginnings.map(async (beginning) => {
      const connection = await openRaw(t, service.port)
      connection.socket.write(beginning)
      t.match((await connection.rest()).toString(), /^HTTP\/1.1 408 .*"code":"request-timeout"/s, beginning)
    }),
  )
})
