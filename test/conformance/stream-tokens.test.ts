import t from 'tap'
import { KeysUnavailable, Unauthenticated } from '../../src/auth/authenticator.ts'
import { LogUnavailable } from '../../src/log/log.ts'
import { startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { publish } from '../support/clients/requests.ts'
import { openWebSocket, type WebSocketClient } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { PatientAuthenticator, principal } from '../support/principals.ts'
import { watchStats } from '../support/stats.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

type Teardown = Parameters<typeof openFor>[0]

const SETTINGS = { auth: 'jwt', jwtSecret: JWT_SECRET } as const
const HEARTBEAT = 15

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

/** The header that shows it. */
async function bearerOf(token: Promise<string>): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await token}` }
}

t.test('P-103 subscribe on an open stream is judged like the first channels', async (t) => {
  const { service, mint } = await serveByHand(t)
  const client = await join(t, service, 'a', await mint(60))
  client.say({ type: 'subscribe', channels: ['b', 'c'], request: '1' })
  t.match(await client.inbox.next(), { type: 'error', code: 'forbidden', request: '1', message: /\bc\b/ })
  client.say({ type: 'subscribe', channels: ['b'] })
  t.match(await client.inbox.expect('subscribed'), { channels: ['a', 'b'] })
})

for (const kind of FORMAT_CLIENTS) {
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

t.test('P-104 watching the figures ends when the token has run out', async (t) => {
  const { clock, service, mint } = await serveByHand(t)
  const viewer = await watchStats(t, service, await bearerOf(mint(40)))
  t.ok(await viewer.next())
  clock.pass(40_000)
  let shown = 0
  while (shown <= 1 && (await viewer.next())) shown++
  t.ok(shown <= 1, 'no more than one')
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
