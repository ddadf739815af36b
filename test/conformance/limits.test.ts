import t from 'tap'
import { startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, openRaw } from '../support/raw-http.ts'
import { ADMIN, inSeconds, revoke } from '../support/revocations.ts'
import { rejected } from '../support/stats.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

t.test('P-134 more publishes in a second than an address may are 429, for a second', async (t) => {
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

t.test('P-134 a revocation counts as a publish', async (t) => {
  const service = await startApp(t, {
    settings: { auth: 'jwt', jwtSecret: JWT_SECRET, principalPublishesPerSecond: 2 },
  })
  const headers = { authorization: `Bearer ${ADMIN}` }
  const answers = await Promise.all([
    ...Array.from({ length: 5 }, () => publish(service, { channel: 'a', data: 1 }, headers)),
    ...Array.from({ length: 5 }, (_, n) => revoke(service, { jti: `${n}`, until: inSeconds(60) })),
  ])
  const statuses = answers.map(({ status }) => status)
  t.ok(statuses.filter((status) => status === 429).length >= 6, `${statuses}`)
})

for (const kind of FORMAT_CLIENTS) {
  t.test(`P-134 more streams in a second than an address may begin are 429: ${kind.name}`, async (t) => {
    const service = await startApp(t, { settings: { addressConnectsPerSecond: 2 } })
    const ask = () => get(service, '/v1/stream?channel=a')
    const answers = await Promise.all(Array.from({ length: 10 }, ask))
    const refused = answers.filter(({ status }) => status === 429)
    t.ok(refused.length >= 6, `${refused.length} of 10 are refused`)
    t.match(refused[0], { headers: { 'retry-after': '1' }, body: { code: 'too-many-requests' } })
    await t.rejects(openWebSocket(service, { channel: 'a' }), /429/)
    t.equal((await rejected(service)).connects, refused.length + 1)
    await until('it may again', async () => {
      const client = await kind.open(service, { channel: 'a' }).catch(() => undefined)
      const first = await client?.inbox.next().catch(() => undefined)
      await client?.close()
      return first?.type === 'ready'
    })
  })
}

t.test('P-134 a long-poll that waits after a cursor is not counted', async (t) => {
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

t.test(
  'P-134 a long-poll that has to read the log is counted, whether it says it waits or not',
  async (t) => {
    const service = await startApp(t, { settings: { addressConnectsPerSecond: 1, windowBytes: 64 * 1024 } })
    const data = 'x'.repeat(40_000)
    const { body } = await publish(
      service,
      [1, 2, 3].map((n) => ({ channel: 'a', id: `${n}`, data })),
    )
    const [old, , newest] = body.notifications.map(({ cursor }) => cursor)
    const ask = async (cursor: string | undefined) =>
      (await get(service, `/v1/stream?channel=a&wait=1&limit=1&cursor=${cursor}`)).status
    const asks = (cursor: string | undefined) => Promise.all(Array.from({ length: 5 }, () => ask(cursor)))
    t.strictSame(await asks(newest), [200, 200, 200, 200, 200])
    for (const cursor of [old, 'another-1']) {
      const statuses = await asks(cursor)
      t.ok(statuses.filter((status) => status === 429).length >= 3, `${cursor}: ${statuses}`)
    }
  },
)

t.test('P-134 a principal has a share of its own, wherever it comes from', async (t) => {
  const jwt = { auth: 'jwt', jwtSecret: JWT_SECRET } as const
  const tidings = { subscribe: ['a'], publish: ['a'], admin: true }
  const one = { authorization: `Bearer ${await mintToken({ sub: 'one', tidings })}` }
  const other = { authorization: `Bearer ${await mintToken({ sub: 'other', tidings })}` }
  const settings = { ...jwt, principalPublishesPerSecond: 2, principalConnectsPerSecond: 2 }
  const service = await startApp(t, { settings })
  for (const ask of [
    (as: typeof one) => publish(service, { channel: 'a', data: 1 }, as),
    (as: typeof one) => get(service, '/v1/stream?channel=a', as),
  ]) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(one)))
    const refused = answers.filter(({ status }) => status === 429)
    t.ok(refused.length >= 6, `${refused.length} of 10 are refused`)
    t.match(refused[0], { headers: { 'retry-after': '1' }, body: { code: 'too-many-requests' } })
    t.ok((await ask(other)).status < 300, 'nobody else is')
  }
  const everyone = await startApp(t, {
    settings: {
      principalPublishesPerSecond: 1,
      principalConnectsPerSecond: 1,
      maxConnectionsPerPrincipal: 1,
    },
  })
  const clients = [1, 2, 3].map(() => openWebSocket(everyone, { channel: 'a' }))
  t.equal((await Promise.all(clients)).length, 3, 'in mode none all are one, and have no share')
  for (const client of clients) await (await client).close()
})

t.test('P-72 a principal has no more streams than it may', async (t) => {
  const service = await startApp(t, {
    settings: { auth: 'jwt', jwtSecret: JWT_SECRET, maxConnectionsPerPrincipal: 1 },
  })
  const tidings = { subscribe: ['a'] }
  const [one, other] = [await mintToken({ sub: 'one', tidings }), await mintToken({ sub: 'other', tidings })]
  const connection = await openRaw(t, service.port)
  connection.socket.write(getBytes(`/v1/stream?channel=a&transport=sse&token=${one}`))
  await connection.readThrough('event: ready')
  t.match(await get(service, `/v1/stream?channel=a&token=${one}`), {
    status: 429,
    headers: { 'retry-after': '5' },
    body: { code: 'too-many-connections' },
  })
  t.equal((await get(service, `/v1/stream?channel=a&token=${other}`)).status, 200)
  connection.socket.destroy()
  await until('its place is free', async () => {
    return (await get(service, `/v1/stream?channel=a&token=${one}`)).status === 200
  })
})

t.test('P-135 too many frames get `error`, then 4429', async (t) => {
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

t.test('P-135 who changes channels too often gets `error`, then 4429', async (t) => {
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

const SAID = {
  Frames: [{ type: 'ping' }, 'pong'],
  Subscribes: [{ type: 'subscribe', channels: ['a'] }, 'subscribed'],
} as const

for (const whose of ['address', 'principal'] as const) {
  for (const what of ['Frames', 'Subscribes'] as const) {
    t.test(`P-135 ${what} are limited for all clients of one ${whose} together`, async (t) => {
      const clock = new ManualClock(setImmediate)
      const jwt = { auth: 'jwt', jwtSecret: JWT_SECRET } as const
      const service = await startApp(t, { clock, settings: { ...jwt, [`${whose}${what}PerSecond`]: 1 } })
      const [message, answer] = SAID[what]
      const say = async (sub: string) => {
        const exp = clock.now() / 1000 + 60
        const token = await mintToken({ sub, exp, tidings: { subscribe: ['a'] } })
        const { ws, inbox, say } = await openWebSocket(service, { channel: 'a', token })
        t.teardown(async () => ws.terminate())
        await inbox.expect('ready')
        say(message)
        return inbox
      }
      for (let i = 0; i < 10; i++) await (await say('one')).expect(answer)
      const refused = await say('one')
      t.match(await refused.expect('error'), {
        code: 'too-many-requests',
        message: new RegExp(`At most 1 .*one ${whose}\\.$`, 'i'),
      })
      t.equal(await refused.ended, 4429)
      const other = await say('other')
      await other.expect(whose === 'address' ? 'error' : answer)
    })
  }
}

t.test('P-136 a connection that asks nothing, or too slowly, is ended', async (t) => {
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
