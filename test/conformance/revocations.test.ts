import t from 'tap'
import { toDraft } from '../../src/auth/revocation.ts'
import { MAX_REVOCATIONS } from '../../src/auth/revocations.ts'
import type { ProblemDocument } from '../../src/http/problem.ts'
import { LogUnavailable } from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { logOptions } from '../contract/log/harness.ts'
import { startApp } from '../support/app.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { untilReady } from '../support/instances.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  ADMIN,
  answerTo,
  countOf,
  endOfRevoked,
  inSeconds,
  REVOCATION_SETTINGS,
  revoke,
  TELLING_CLIENTS,
  tokenOf,
  untilOpen,
} from '../support/revocations.ts'
import { watchStats } from '../support/stats.ts'
import { until } from '../support/until.ts'

const settings = REVOCATION_SETTINGS
const REVOKED = { status: 401, code: 'token-revoked' }

t.test(
  'P-110 P-112 a revoked sub has its streams ended on every transport, and is refused until then',
  async (t) => {
    const service = await startApp(t, { settings })
    const [token, other] = [await tokenOf('42'), await tokenOf('7')]
    const streams = []
    for (const kind of TELLING_CLIENTS) {
      const client = await openFor(t, kind, service, { channel: 'a', token })
      const bystander = await openFor(t, kind, service, { channel: 'a', token: other })
      await Promise.all([client.inbox.expect('ready'), bystander.inbox.expect('ready')])
      streams.push({ kind, client, bystander })
    }
    await untilOpen(service, 2 * TELLING_CLIENTS.length)

    const revocation = { sub: '42', until: inSeconds(60) }
    t.match(await revoke(service, revocation), { status: 201, body: revocation })
    for (const { kind, client } of streams) await endOfRevoked(kind, client)
    t.strictSame(await answerTo(service, token), REVOKED)
    t.strictSame(await answerTo(service, await tokenOf('42', 'fresh')), REVOKED)
    t.equal(
      (await publish(service, { channel: 'a', data: 1 }, { authorization: `Bearer ${token}` })).status,
      401,
    )

    t.equal((await answerTo(service, other)).status, 200)
    await publish(service, { channel: 'a', data: 1 }, { authorization: `Bearer ${other}` })
    for (const { bystander } of streams) await bystander.inbox.notifications(1)
  },
)

t.test('P-110 P-112 a revoked jti is one token and no other of the same sub', async (t) => {
  const service = await startApp(t, { settings })
  const [stolen, own] = [await tokenOf('42', 'stolen'), await tokenOf('42', 'own')]
  const stream = await openWebSocket(service, { channel: 'a', token: stolen })
  const lasting = await openWebSocket(service, { channel: 'a', token: own })
  t.teardown(() => lasting.close())
  await Promise.all([stream.inbox.expect('ready'), lasting.inbox.expect('ready')])
  await revoke(service, { jti: 'stolen', until: inSeconds(60) })
  await stream.inbox.expect('error')
  t.equal(await stream.inbox.ended, 4401)
  t.strictSame(await answerTo(service, stolen), REVOKED)
  t.equal((await answerTo(service, own)).status, 200)

  lasting.say({ type: 'token', token: stolen, request: '1' })
  t.match(await lasting.inbox.expect('error'), { code: 'token-revoked', request: '1' })
  lasting.say({ type: 'ping' })
  await lasting.inbox.expect('pong')
})

t.test('P-112 who watches the figures with a revoked token sees no more of them', async (t) => {
  const service = await startApp(t, { settings })
  const viewer = await watchStats(t, service, { authorization: `Bearer ${ADMIN}` })
  t.ok(await viewer.next())
  await revoke(service, { sub: 'admin', until: inSeconds(60) })
  await until('it is refused', async () => (await answerTo(service, ADMIN)).status === 401)
  let shown = 0
  while (shown <= 1 && (await viewer.next())) shown++
  t.ok(shown <= 1, 'no more than one')
})

t.test('P-110 a revocation lapses on the millisecond', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { settings, clock })
  const token = await tokenOf('42')
  await revoke(service, { sub: '42', until: new Date(clock.now() + 60_000).toISOString() })
  await until('it is refused', async () => (await answerTo(service, token)).status === 401)
  clock.pass(59_999)
  t.strictSame(await answerTo(service, token), REVOKED)
  clock.pass(1)
  t.equal((await answerTo(service, token)).status, 200)
})

t.test('P-111 of several revocations the one that holds longest counts', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { settings, clock })
  const [token, other] = [await tokenOf('42'), await tokenOf('7')]
  for (const [sub, ms] of [
    ['42', 60_000],
    ['42', 1000],
    ['7', 1000],
  ] as const) {
    t.equal((await revoke(service, { sub, until: new Date(clock.now() + ms).toISOString() })).status, 201)
  }
  await until('the last is known', async () => (await answerTo(service, other)).status === 401)
  clock.pass(1000)
  t.equal((await answerTo(service, other)).status, 200)
  t.strictSame(await answerTo(service, token), REVOKED)
})

t.test('P-114 one more than may be in force is refused, and nothing of it is stored', async (t) => {
  const log = openMemoryLog(logOptions())
  const drafts = Array.from({ length: MAX_REVOCATIONS }, (_, i) =>
    toDraft({ claim: 'jti', value: `${i}`, until: Date.now() + 600_000 }, `${i}`, Date.now()),
  )
  await log.append(drafts)
  const service = await startApp(t, { settings, log })
  await untilReady(service)
  const { status, headers, body } = await revoke(service, { sub: '42', until: inSeconds(60) })
  t.match(
    { status, headers, body },
    { status: 503, headers: { 'retry-after': /^\d+$/ }, body: { code: 'too-many-revocations' } },
  )
  t.equal((await log.bounds()).last, MAX_REVOCATIONS)
  t.equal(
    (await revoke(service, { jti: '7', until: inSeconds(60) })).status,
    201,
    'one that is there may be sent again',
  )
})

t.test('P-110 what is no revocation is refused with what is wrong with it', async (t) => {
  const service = await startApp(t, { settings })
  const until = inSeconds(60)
  const table: [body: unknown, status: number, code: string, pointer?: string][] = [
    ['{', 400, 'bad-json'],
    ['{"sub":"a","sub":"b"}', 400, 'bad-json'],
    [[], 400, 'bad-revocation', ''],
    [{ until }, 400, 'bad-revocation', ''],
    [{ sub: 'a', jti: 'b', until }, 400, 'bad-revocation', ''],
    [{ sub: '', until }, 400, 'bad-revocation', '/sub'],
    [{ sub: 'a\n', until }, 400, 'bad-revocation', '/sub'],
    [{ jti: 'x'.repeat(256), until }, 400, 'bad-revocation', '/jti'],
    [{ sub: 'a' }, 400, 'bad-revocation', '/until'],
    [{ sub: 'a', until: 'tomorrow' }, 400, 'bad-revocation', '/until'],
    [{ sub: 'a', until: '2030-01-01T00:00:00' }, 400, 'bad-revocation', '/until'],
    [{ sub: 'a', until: inSeconds(-1) }, 400, 'bad-revocation', '/until'],
    [{ sub: 'a', until: inSeconds(367 * 86_400) }, 400, 'bad-revocation', '/until'],
    [{ sub: 'a', until, why: 'lost' }, 400, 'bad-revocation', '/why'],
    [JSON.stringify({ sub: 'x'.repeat(20_000), until }), 413, 'too-large'],
  ]
  for (const [body, status, code, pointer] of table) {
    const answer = await revoke(service, body)
    const problem = answer.body as ProblemDocument
    t.strictSame([answer.status, problem.code], [status, code], JSON.stringify(body).slice(0, 80))
    if (pointer !== undefined) t.equal(problem.errors?.[0]?.pointer, pointer)
  }
  t.equal(await countOf(service.log), 0, 'nothing was stored')
})

t.test('P-110 P-114 only an admin may revoke, and in mode none there is nothing to', async (t) => {
  const service = await startApp(t, { settings })
  const revocation = { sub: '42', until: inSeconds(60) }
  t.match(await revoke(service, revocation, await tokenOf('7')), { status: 403, body: { code: 'forbidden' } })
  t.equal(await countOf(service.log), 0)
  const open = await startApp(t)
  t.match(await revoke(open, revocation), { status: 409, body: { code: 'no-tokens' } })
  t.equal(await countOf(open.log), 0)
})

t.test(
  'P-116 nobody sees a revocation: by no pattern, on no transport, in no history, in no count',
  async (t) => {
    const service = await startApp(t, { settings })
    const token = ADMIN
    const channel = ['*', '**']
    const streams = []
    for (const kind of TELLING_CLIENTS) {
      const client = await openFor(t, kind, service, { channel, token })
      await client.inbox.expect('ready')
      streams.push(client)
    }
    const isKnown = async (sub: string) => {
      await revoke(service, { sub, until: inSeconds(60) })
      const refused = await tokenOf(sub)
      await until('it is known', async () => (await answerTo(service, refused)).status === 401)
    }
    await isKnown('42')
    const { body: stats } = await get(service, `/v1/stats?token=${token}`)
    t.match(stats, { published: { total: 0 }, delivered: { total: { all: 0 } } })
    await publish(service, { channel: 'a', data: 1 }, { authorization: `Bearer ${token}` })
    for (const { inbox } of streams) {
      const [notification] = await inbox.notifications(1)
      t.equal(notification?.channel, 'a')
    }
    await isKnown('43')
    for (const from of ['cursor=earliest', 'last=10']) {
      const { body } = await get(service, `/v1/stream?channel=*&channel=**&wait=0&${from}&token=${token}`)
      t.match(body, { notifications: [{ channel: 'a' }] }, from)
      t.equal((body as { notifications: unknown[] }).notifications.length, 1)
    }

    for (const name of ['$revocations', '%24revocations', '$**']) {
      const { status } = await get(service, `/v1/stream?channel=${encodeURIComponent(name)}&token=${token}`)
      t.equal(status, 400, `${name} can not be subscribed to`)
      const answer = await publish(service, { channel: name, data: 1 }, { authorization: `Bearer ${token}` })
      t.equal(answer.status, 400, `${name} can not be published to`)
    }
    const socket = await openWebSocket(service, { channel: 'a', token })
    t.teardown(() => socket.close())
    await socket.inbox.expect('ready')
    socket.say({ type: 'subscribe', channels: ['$revocations'] })
    t.match(await socket.inbox.expect('error'), { code: 'bad-channel' })
  },
)

t.test('P-115 as long as it is not known what has been revoked nobody gets in', async (t) => {
  const inner = openMemoryLog(logOptions())
  let isReadable = false
  const log = {
    stats: inner.stats,
    schedule: inner.schedule,
    peers: inner.peers,
    append: inner.append.bind(inner),
    tail: inner.tail.bind(inner),
    async read(...question: Parameters<typeof inner.read>) {
      if (!isReadable) throw new LogUnavailable('not yet')
      return inner.read(...question)
    },
    newest: inner.newest.bind(inner),
    bounds: inner.bounds.bind(inner),
    close: inner.close.bind(inner),
  }
  await inner.append([{ channel: 'a', id: '1', data: '1' }])
  const service = await startApp(t, { settings, log })
  const token = await tokenOf('42')
  t.strictSame(await answerTo(service, token), { status: 503, code: 'log-unavailable' })
  t.equal((await get(service, '/readyz')).status, 503, 'it is not ready')
  isReadable = true
  await until('it is known', async () => (await answerTo(service, token)).status === 200)
})
