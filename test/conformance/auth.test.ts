import t from 'tap'
import { KeysUnavailable, Unauthenticated } from '../../src/auth/authenticator.ts'
import { LogUnavailable } from '../../src/log/log.ts'
import { startApp } from '../support/app.ts'
import { type Ask, attempt, COOKIE, PLACES, placesFor, STREAMS } from '../support/attempts.ts'
import { TRANSPORT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket, type WebSocketClient } from '../support/clients/websocket.ts'
import { sendRaw } from '../support/http.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { PatientAuthenticator, principal } from '../support/principals.ts'
import { watchStats } from '../support/stats.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

type Teardown = Parameters<typeof openFor>[0]

const SETTINGS = { auth: 'jwt', jwtSecret: JWT_SECRET, tokenCookie: COOKIE } as const
const HEARTBEAT = 15
const PUBLISH: Ask = {
  method: 'POST',
  path: '/v1/notifications',
  headers: { 'content-type': 'application/json' },
  body: '{"channel":"news","data":1}',
}

/** The header that shows a token with these grants. */
async function bearer(grants: object): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await mintToken({ tidings: grants })}` }
}

/** A service in which time passes only when the test says so, and what makes tokens that run out some seconds from now. */
async function serveByHand(t: Teardown) {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { ...SETTINGS, heartbeatSeconds: HEARTBEAT } })
  const mint = (seconds: number, claims: object = {}) =>
    mintToken({
      exp: clock.now() / 1000 + seconds,
      tidings: { subscribe: ['a', 'b'], publish: ['**'], admin: true },
      ...claims,
    })
  return { clock, service, mint }
}

/** A client on a WebSocket that has had its `ready`. */
async function join(t: Teardown, service: { url: string }, channel: string, token: string) {
  const client = await openWebSocket(service, { channel, token })
  t.teardown(async () => client.ws.terminate())
  await client.inbox.expect('ready')
  return client
}

/** Everything that the client has said has been taken. */
async function settled({ say, inbox }: WebSocketClient): Promise<void> {
  say({ type: 'ping' })
  await inbox.expect('pong')
}

t.test('P-100 a token is taken from each of the places, and different ones are refused', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  const [one, other] = [await mintToken({ tidings: { subscribe: ['a'] } }), await mintToken({ sub: '43' })]
  const ask = STREAMS.websocket('a')
  for (const place of placesFor(ask)) {
    const { status, headers } = await attempt(service, PLACES[place](ask, one))
    t.equal(status, 101, place)
    t.equal(headers['sec-websocket-protocol'], place === 'subprotocol' ? 'tidings.v1.json' : undefined)
  }
  const twice = PLACES.query(PLACES.authorization(ask, one), one)
  t.equal((await attempt(service, twice)).status, 101, 'the same one in two places')
  for (const [what, wish] of [
    ['header and query', PLACES.query(PLACES.authorization(ask, one), other)],
    ['header and subprotocol', PLACES.subprotocol(PLACES.authorization(ask, one), other)],
    ['query twice', PLACES.query(PLACES.query(ask, one), other)],
  ] as const) {
    const { status, problem } = await attempt(service, wish)
    t.match([status, problem?.code], [400, 'bad-query'], what)
  }
  const fields = [one, other].map((token) => `authorization: Bearer ${token}\r\n`).join('')
  const repeated = `GET ${STREAMS['long-poll']('a').path} HTTP/1.1\r\nhost: x\r\n${fields}\r\n`
  t.match(
    JSON.parse((await sendRaw(service.port, repeated, true)).body),
    { code: 'bad-query' },
    'header twice',
  )
  const cookie = PLACES.query(PLACES.cookie(ask, 'nonsense'), one)
  t.equal((await attempt(service, cookie)).status, 101, 'a cookie counts only where there is nothing else')
  const basic = { ...ask, headers: { ...ask.headers, authorization: 'Basic eDp5' } }
  t.match((await attempt(service, basic)).problem, { code: 'unauthenticated' })
})

t.test('P-101 who is not known learns nothing else, and why', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  for (const [path, headers] of [
    ['/v1/stream?channel=a::b', {}],
    ['/v1/stream?channel=a', { 'last-event-id': 'nonsense' }],
    ['/v1/stats', {}],
  ] as const) {
    const none = await get(service, path, headers)
    t.equal(none.status, 401, path)
    t.match(none.body, { code: 'unauthenticated' })
    t.equal(none.headers['www-authenticate'], 'Bearer realm="tidings"')
    const bad = await get(service, path, { ...headers, authorization: 'Bearer nonsense' })
    t.match(bad.body, { status: 401, code: 'token-invalid' })
    t.match(
      bad.headers['www-authenticate'],
      /^Bearer realm="tidings", error="invalid_token", error_description="[ !#-[\]-~]+"$/,
    )
  }
  t.match((await publish(service, '{')).body, { code: 'unauthenticated' }, 'the body is not looked at')
})

t.test('P-101 while a credential can not be judged, the answer is 503', async (t) => {
  const authenticator = new PatientAuthenticator()
  const service = await startApp(t, { settings: SETTINGS, authenticator })
  for (const [error, code] of [
    [new KeysUnavailable('down'), 'keys-unavailable'],
    [new LogUnavailable('down'), 'log-unavailable'],
  ] as const) {
    authenticator.answer('x', error)
    for (const ask of [PUBLISH, ...Object.values(STREAMS).map((stream) => stream('a'))]) {
      const { status, headers, problem } = await attempt(service, PLACES.authorization(ask, 'x'))
      t.match([status, problem?.code, headers['retry-after']], [503, code, /^\d+$/])
    }
  }
})

t.test('P-102 a publish needs a grant for each of its channels, or nothing of it is stored', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  const headers = await bearer({ publish: ['news:*', 'user:42'] })
  t.equal((await publish(service, { channels: ['news:1', 'user:42'], data: 1 }, headers)).status, 201)
  const { last } = await service.log.bounds()
  const cases: [body: object, pointers: string[]][] = [
    [{ channel: 'news', data: 1 }, ['/channel']],
    [{ channels: ['news:1', 'user:43', 'news:1:2'], data: 1 }, ['/channels/1', '/channels/2']],
    [
      [
        { channel: 'news:1', data: 1 },
        { channel: 'a', data: 1 },
        { channels: ['a'], data: 1 },
      ],
      ['/1/channel', '/2/channels/0'],
    ],
    [Array(30).fill({ channel: 'a', data: 1 }), Array.from({ length: 20 }, (_, i) => `/${i}/channel`)],
  ]
  for (const [body, pointers] of cases) {
    const answer = await publish(service, body, headers)
    const problem = answer.body as unknown as { code: string; errors: { pointer: string }[] }
    t.strictSame([answer.status, problem.code], [403, 'forbidden'])
    t.strictSame(
      problem.errors.map(({ pointer }) => pointer),
      pointers,
    )
  }
  const both = await publish(service, [{ channel: 'a', data: 1 }, { channel: '' }], headers)
  t.equal(both.status, 400, 'what is not valid is told first')
  t.equal((await service.log.bounds()).last, last)
})

t.test('P-102 a stream needs a grant for all that each of its channels stands for', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  const headers = await bearer({ subscribe: ['news:*', 'user:42:**', 'org'] })
  const allowed = ['news:1', 'news:*', 'user:42:a:b', 'user:42:**', 'user:42:*:x', 'org']
  const denied = ['news', 'news:1:2', 'user:42', 'news:**', 'user:*', 'user:**', '**', '*']
  const path = (channels: string[]) =>
    `/v1/stream?wait=0&${channels.map((name) => `channel=${name}`).join('&')}`
  t.equal((await get(service, path(allowed), headers)).status, 200)
  const { status, body } = await get(service, path([...allowed, ...denied]), headers)
  t.equal(status, 403)
  const { code, errors } = body as { code: string; errors: { pointer: string; detail: string }[] }
  t.equal(code, 'forbidden')
  t.strictSame(
    errors,
    denied.map((name) => ({ pointer: '/channel', detail: `No grant covers ${name}.` })),
  )
  t.equal((await get(service, '/v1/stats', headers)).status, 403)
  t.equal((await get(service, '/v1/stats', await bearer({ admin: true }))).status, 200)
})

t.test('P-103 subscribe on an open stream is judged like the first channels', async (t) => {
  const { service, mint } = await serveByHand(t)
  const client = await join(t, service, 'a', await mint(60))
  client.say({ type: 'subscribe', channels: ['b', 'c'], request: '1' })
  t.match(await client.inbox.next(), { type: 'error', code: 'forbidden', request: '1', message: /\bc\b/ })
  client.say({ type: 'subscribe', channels: ['b'] })
  t.match(await client.inbox.expect('subscribed'), { channels: ['a', 'b'] })
})

for (const kind of TRANSPORT_CLIENTS) {
  t.test(`P-104 a stream ends with its token, at that second: ${kind.name}`, async (t) => {
    const { clock, service, mint } = await serveByHand(t)
    const { timers } = clock
    const client = await openFor(t, kind, service, { channel: 'a', wait: 60, token: await mint(40) })
    await client.inbox.expect('ready')
    const isPoll = kind.transport === 'long-poll'
    if (isPoll) await until('it waits', () => clock.timers === timers + 2)
    clock.pass(39_999)
    if (!isPoll) {
      for (let n = 0; n < 2; n++) await client.inbox.expect('heartbeat')
      await publish(service, { channel: 'a', data: 'alive' }, await bearerOf(mint(60)))
      await client.inbox.notifications(1)
    }
    t.equal(client.inbox.size, 0, 'not too early')
    clock.pass(1)
    t.match(await client.inbox.expect('bye'), { reason: 'token-expired', retryAfter: 0 })
    t.equal(await client.inbox.ended, kind.transport === 'websocket' ? 4401 : undefined)
  })
}

async function bearerOf(token: Promise<string>): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await token}` }
}

t.test('P-104 watching the figures ends when the token has run out', async (t) => {
  const { clock, service, mint } = await serveByHand(t)
  const viewer = await watchStats(t, service, await bearerOf(mint(40)))
  t.ok(await viewer.next())
  clock.pass(40_000)
  let shown = 0
  while (await viewer.next()) shown++
  t.ok(shown <= 1, `${shown} more`)
})

t.test('P-105 a fresh token takes the place of the one before', async (t) => {
  const { clock, service, mint } = await serveByHand(t)
  const client = await join(t, service, 'a', await mint(10))
  client.say({ type: 'token', token: await mint(14, { tidings: { subscribe: ['a', 'c'] } }) })
  client.say({ type: 'subscribe', channels: ['c'], request: '1' })
  t.match(await client.inbox.next(), { type: 'subscribed', channels: ['a', 'c'], request: '1' })
  client.say({ type: 'subscribe', channels: ['b'] })
  t.match(
    await client.inbox.next(),
    { type: 'error', code: 'forbidden' },
    'its grants are those of the new one',
  )
  clock.pass(13_999)
  await settled(client)
  clock.pass(1)
  t.match(await client.inbox.expect('bye'), { reason: 'token-expired' })
  t.equal(await client.inbox.ended, 4401)
})

t.test('P-105 messages behind a token wait for it, in order', async (t) => {
  const authenticator = new PatientAuthenticator()
  const service = await startApp(t, { settings: SETTINGS, authenticator })
  authenticator.answer('first', principal('42', 'a'))
  const client = await join(t, service, 'a', 'first')
  client.say({ type: 'token', token: 'second' })
  client.say({ type: 'subscribe', channels: ['b'] })
  client.say({ type: 'token', token: 'third' })
  client.say({ type: 'subscribe', channels: ['c'] })
  client.say({ type: 'ping', request: '1' })
  authenticator.answer('second', principal('42', 'a', 'b'))
  t.match(await client.inbox.next(), { type: 'subscribed', channels: ['a', 'b'] })
  t.equal(client.inbox.size, 0, 'the third is still looked at')
  authenticator.answer('third', principal('42', '*'))
  t.match(await client.inbox.next(), { type: 'subscribed', channels: ['a', 'b', 'c'] })
  t.match(await client.inbox.next(), { type: 'pong', request: '1' })
})

t.test('P-106 a token that is no good changes nothing', async (t) => {
  const authenticator = new PatientAuthenticator()
  const service = await startApp(t, { settings: SETTINGS, authenticator })
  authenticator.answer('first', principal('42', 'a', 'b'))
  const client = await join(t, service, 'a', 'first')
  for (const [outcome, code] of [
    [new Unauthenticated('token-invalid', 'No.'), 'token-invalid'],
    [new Unauthenticated('token-expired', 'No.'), 'token-expired'],
    [new KeysUnavailable('down'), 'keys-unavailable'],
    [new LogUnavailable('down'), 'log-unavailable'],
    [new TypeError('a bug'), 'internal'],
    [principal('43', '**'), 'forbidden'],
  ] as const) {
    authenticator.answer('second', outcome)
    client.say({ type: 'token', token: 'second', request: code })
    t.match(await client.inbox.next(), { type: 'error', code, request: code, message: /^(?!.*(bug|down))/ })
    client.say({ type: 'subscribe', channels: ['b'] })
    t.match(await client.inbox.next(), { type: 'subscribed', channels: ['a', 'b'] })
  }
})

t.test('P-106 a token that does not cover the stream ends it', async (t) => {
  const { service, mint } = await serveByHand(t)
  const client = await join(t, service, 'a', await mint(60))
  client.say({ type: 'token', token: await mint(60, { tidings: { subscribe: ['b'] } }), request: '1' })
  client.say({ type: 'ping' })
  t.match(await client.inbox.next(), { type: 'error', code: 'forbidden', request: '1', message: /\ba\b/ })
  t.equal(await client.inbox.ended, 4403)
  t.equal(client.inbox.size, 0)
})

t.test('P-107 only so many messages may wait for a token', async (t) => {
  const authenticator = new PatientAuthenticator()
  const service = await startApp(t, { settings: SETTINGS, authenticator })
  authenticator.answer('first', principal('42', 'a'))
  const waits = async () => {
    const client = await join(t, service, 'a', 'first')
    client.say({ type: 'token', token: 'second' })
    for (let n = 0; n < 64; n++) client.say({ type: 'ping', request: `${n}` })
    return client
  }
  const [most, tooMany] = [await waits(), await waits()]
  tooMany.say({ type: 'ping', request: '64' })
  t.match(await tooMany.inbox.next(), { type: 'error', code: 'too-many-requests', request: '64' })
  t.equal(await tooMany.inbox.ended, 4429)
  authenticator.answer('second', principal('42', 'a'))
  for (let n = 0; n < 64; n++) t.equal((await most.inbox.expect('pong')).request, `${n}`)
})
