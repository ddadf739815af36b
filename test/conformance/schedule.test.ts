import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { openMemoryLog } from '../../src/log/memory.ts'
import { logOptions } from '../contract/log/harness.ts'
import { type RunningApp, startApp } from '../support/app.ts'
import { TRANSPORT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish, type Target } from '../support/clients/requests.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const RETENTION = 86_400
/** No longer than the service waits between two looks, in milliseconds. */
const STEP = 500

/** A service whose time stands still until the test lets it pass. */
async function start(t: Test, settings = {}): Promise<{ service: RunningApp; clock: ManualClock }> {
  const clock = new ManualClock(setImmediate)
  return { service: await startApp(t, { clock, settings: { heartbeatSeconds: 3600, ...settings } }), clock }
}

/** Lets time pass as it does: what is set off by one timer may set another. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= STEP) {
    clock.pass(Math.min(left, STEP))
    await nextTurn()
  }
  clock.pass(0)
  await nextTurn()
}

/** What is in the log. */
async function stored(service: Target): Promise<{ id: string; time: string; data: unknown }[]> {
  const { body } = await get(service, '/v1/stream?channel=**&cursor=earliest&wait=0')
  return (body as { notifications: { id: string; time: string; data: unknown }[] }).notifications
}

/** Asks for one to be cancelled. */
async function cancel(
  { url }: Target,
  channel: string,
  id: string,
  headers = {},
): Promise<{ status: number; code: string | undefined }> {
  const path = `/v1/notifications/${encodeURIComponent(channel)}/${encodeURIComponent(id)}`
  const answer = await request(`${url}${path}`, { method: 'DELETE', reset: true, headers })
  const text = await answer.body.text()
  return { status: answer.statusCode, code: text === '' ? undefined : JSON.parse(text).code }
}

for (const kind of TRANSPORT_CLIENTS) {
  t.test(`P-220 P-222 what is scheduled comes at its time, and no earlier: ${kind.name}`, async (t) => {
    const { service, clock } = await start(t)
    const client = await openFor(t, kind, service, { channel: ['a'] })
    await client.inbox.expect('ready')
    const at = new Date(clock.now() + 11_000).toISOString()
    await publish(service, { channel: 'a', id: 'later', data: 2, at, ttl: 60 })
    await publish(service, { channel: 'a', id: 'sooner', data: 1, delay: 10 })
    await publish(service, { channel: 'a', id: 'now', data: 0 })
    await pass(clock, 9_999)
    await publish(service, { channel: 'a', id: 'in between', data: 0 })
    t.match(await client.inbox.notifications(2), [{ id: 'now' }, { id: 'in between' }])
    await pass(clock, 1)
    const due = new Date(clock.now()).toISOString()
    t.match(await client.inbox.notifications(1), [{ id: 'sooner', data: 1, time: due }])
    await pass(clock, 1000)
    t.match(await client.inbox.notifications(1), [{ id: 'later', data: 2, time: at }])
  })
}

t.test('P-220 a time may be as far ahead as retention, and one that has passed is now', async (t) => {
  const { service, clock } = await start(t, { retentionSeconds: RETENTION })
  const time = (ms: number) => new Date(clock.now() + ms).toISOString()
  const cases: [members: object, pointer: string | undefined][] = [
    [{ delay: RETENTION }, undefined],
    [{ delay: 0 }, undefined],
    [{ at: time(RETENTION * 1000) }, undefined],
    [{ at: time(60_000).replace('Z', '+00:00') }, undefined],
    [{ at: '2001-01-01T00:00:00Z' }, undefined],
    [{ delay: RETENTION + 1 }, '/delay'],
    [{ delay: -1 }, '/delay'],
    [{ delay: 1.5 }, '/delay'],
    [{ at: time(RETENTION * 1000 + 1) }, '/at'],
    [{ at: 'tomorrow' }, '/at'],
    [{ at: '2026-01-01T00:00:00' }, '/at'],
    [{ at: time(0), delay: 0 }, ''],
  ]
  for (const [members, pointer] of cases) {
    const { status, body } = await publish(service, { channel: 'a', data: 1, ...members })
    t.equal(status, pointer === undefined ? 202 : 400, JSON.stringify(members))
    if (pointer !== undefined) t.match(body, { code: 'bad-notification', errors: [{ pointer }] })
  }
  await pass(clock, 0)
  await until('what is due is published', async () => (await stored(service)).length === 2)
})

t.test('P-221 the answer says when, and how it stands', async (t) => {
  const { service, clock } = await start(t)
  const at = new Date(clock.now() + 5000).toISOString()
  const scheduled = await publish(service, { channels: ['a', 'b'], id: 'x', data: 1, delay: 5 })
  t.equal(scheduled.status, 202)
  t.strictSame(scheduled.body.notifications as unknown, [
    { id: 'x', channel: 'a', at, state: 'scheduled', duplicate: false },
    { id: 'x', channel: 'b', at, state: 'scheduled', duplicate: false },
  ])
  const mixed = await publish(service, [
    { channel: 'a', id: 'x', data: 1, delay: 9 },
    { channel: 'c', id: 'y', data: 1 },
  ])
  t.equal(mixed.status, 201)
  const { cursor, ...rest } = mixed.body.notifications[1] ?? { cursor: '' }
  t.strictSame(mixed.body.notifications[0] as unknown, {
    id: 'x',
    channel: 'a',
    at,
    state: 'scheduled',
    duplicate: true,
  })
  t.strictSame(rest as unknown, { id: 'y', channel: 'c', duplicate: false })
  t.type(cursor, 'string')
  const again = await publish(service, { channel: 'a', id: 'x', data: 1, at: '2001-01-01T00:00:00Z' })
  t.equal(again.status, 200, 'all were duplicates')
})

t.test('P-223 the same scheduled again is published once, and answered with how it stands', async (t) => {
  const { service, clock } = await start(t)
  const item = { channel: 'a', id: 'x', data: 1, delay: 5 }
  await publish(service, item)
  await pass(clock, 3000)
  await publish(service, item)
  await pass(clock, 2000)
  await until('it is published', async () => (await stored(service)).length === 1)
  const { status, body } = await publish(service, item)
  t.equal(status, 200)
  t.match(body.notifications, [{ state: 'published', cursor: String, duplicate: true }])
  t.match((await publish(service, { channel: 'a', id: 'x', data: 1 })).status, 200, 'at once, too')
  await pass(clock, 60_000)
  t.equal((await stored(service)).length, 1)

  await publish(service, { ...item, id: 'both' })
  await publish(service, { channel: 'a', id: 'both', data: 1 })
  await pass(clock, 5000)
  await publish(service, { channel: 'a', id: 'last', data: 1 })
  const ids = (await stored(service)).map(({ id }) => id)
  t.strictSame(ids, ['x', 'both', 'last'], 'what is published at once meanwhile is stored once')
})

t.test('P-224 what is not yet due can be cancelled, and the answer says which came first', async (t) => {
  const { service, clock } = await start(t)
  const id = 'an "id" / with % and ~'
  await publish(service, { channel: 'user:a+b@c', id, data: 1, delay: 5 })
  await publish(service, { channel: 'a', id: 'stays', data: 1, delay: 5 })
  t.strictSame(await cancel(service, 'user:a+b@c', 'stays'), { status: 404, code: 'not-scheduled' })
  t.strictSame(await cancel(service, 'user:a+b@c', id), { status: 204, code: undefined })
  t.strictSame(await cancel(service, 'user:a+b@c', id), { status: 204, code: undefined }, 'and again')
  const again = await publish(service, { channel: 'user:a+b@c', id, data: 1, delay: 5 })
  t.match(again, { status: 200, body: { notifications: [{ state: 'cancelled' }] } })
  await pass(clock, 5000)
  await until('the other is published', async () => (await stored(service)).length === 1)
  t.strictSame(await cancel(service, 'a', 'stays'), { status: 409, code: 'already-published' })
  await pass(clock, 120_000)
  t.strictSame(await cancel(service, 'a', 'stays'), { status: 404, code: 'not-scheduled' })
  t.strictSame(
    (await stored(service)).map(({ id }) => id),
    ['stays'],
  )
})

t.test('P-224 names as long as they may be can be cancelled', async (t) => {
  const { service } = await start(t)
  const channel = `${'x'.repeat(63)}:${'y'.repeat(64)}:${'z'.repeat(64)}:${'w'.repeat(61)}`
  const id = ' %'.repeat(64)
  t.equal((await publish(service, { channel, id, data: 1, delay: 5 })).status, 202)
  t.equal((await cancel(service, channel, id)).status, 204)
})

t.test('P-224 whoever may publish on the channel may schedule and cancel, and nobody else', async (t) => {
  const { service } = await start(t, { auth: 'jwt', jwtSecret: JWT_SECRET })
  const bearer = async (grants: object) => ({
    authorization: `Bearer ${await mintToken({ tidings: grants })}`,
  })
  const [mine, others] = [
    await bearer({ publish: ['a'] }),
    await bearer({ publish: ['b'], subscribe: ['a'] }),
  ]
  const item = { channel: 'a', id: 'x', data: 1, delay: 5 }
  t.equal((await publish(service, item, others)).status, 403)
  t.equal((await publish(service, item, mine)).status, 202)
  t.strictSame(await cancel(service, 'a', 'x'), { status: 401, code: 'unauthenticated' })
  t.strictSame(await cancel(service, 'a', 'x', others), { status: 403, code: 'forbidden' })
  t.equal((await cancel(service, 'a', 'x', mine)).status, 204)
})

t.test('P-224 a grant for other channels does not cancel by a name that runs on into the id', async (t) => {
  const { service } = await start(t, { auth: 'jwt', jwtSecret: JWT_SECRET })
  const bearer = async (grant: string) => ({
    authorization: `Bearer ${await mintToken({ tidings: { publish: [grant] } })}`,
  })
  const [mine, others] = [await bearer('org:7'), await bearer('org:*:*')]
  t.equal((await publish(service, { channel: 'org:7', id: 'a:b c', data: 1, delay: 5 }, mine)).status, 202)
  t.strictSame(await cancel(service, 'org:7 a:b', 'c', others), { status: 404, code: 'not-scheduled' })
  t.equal((await cancel(service, 'org:7', 'a:b c', mine)).status, 204)
})

t.test('P-225 more than may be scheduled is refused, and nothing of the request is stored', async (t) => {
  const { service } = await start(t, { maxScheduled: 2 })
  t.equal((await publish(service, { channel: 'a', id: 'one', data: 1, delay: 5 })).status, 202)
  const { status, headers, body } = await publish(service, [
    { channel: 'a', data: 1 },
    { channels: ['b', 'c'], data: 1, delay: 5 },
  ])
  t.equal(status, 503)
  t.match(body, { code: 'too-many-scheduled' })
  t.ok(Number(headers['retry-after']) > 0)
  t.strictSame(await stored(service), [])
  await cancel(service, 'a', 'one')
  t.equal((await publish(service, { channels: ['b', 'c'], data: 1, delay: 5 })).status, 202)
})

t.test('P-222 an instance that starts publishes at once what became due while there was none', async (t) => {
  const clock = new ManualClock(setImmediate)
  const log = openMemoryLog(logOptions(), clock.now)
  await log.schedule.add([{ channel: 'a', id: 'x', data: '1', due: clock.now() + 1000 }])
  await pass(clock, 60_000)
  const service = await startApp(t, { clock, log })
  await pass(clock, 500)
  await until('it is published', async () => (await stored(service)).length === 1)
})
