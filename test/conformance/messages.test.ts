import t from 'tap'
import { OWN_TIMERS, startApp } from '../support/app.ts'
import { ALL_CLIENTS, FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish, publishNumbers } from '../support/clients/requests.ts'
import { webSocketClient } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const HEARTBEAT = 15

/** The data of what there is on `a` after a cursor. */
async function after(service: { url: string }, cursor: string): Promise<unknown[]> {
  const { body } = await get(service, `/v1/stream?channel=a&wait=0&cursor=${cursor}`)
  return (body as { notifications: { data: unknown }[] }).notifications.map(({ data }) => data)
}

for (const kind of ALL_CLIENTS) {
  t.test(`P-30 ready comes before everything else, and says what was agreed: ${kind.name}`, async (t) => {
    const service = await startApp(t, { settings: { heartbeatSeconds: HEARTBEAT } })
    const [, second] = await publishNumbers(service, 'a', 1, 2)
    const client = await openFor(t, kind, service, { channel: ['a', 'b:*'], last: 1, wait: HEARTBEAT })
    const ready = await client.inbox.expect('ready')
    t.strictSame(
      { ...ready, channels: [...ready.channels].sort() },
      {
        type: 'ready',
        cursor: ready.cursor,
        transport: kind.transport,
        channels: ['a', 'b:*'],
        heartbeat: HEARTBEAT,
      },
    )
    t.strictSame(await after(service, ready.cursor), [2], 'its cursor is where the stream starts')
    const [notification] = await client.inbox.notifications(1)
    t.equal(notification?.cursor, second)
  })

  t.test(`P-31 a heartbeat comes in time, and its cursor moves on: ${kind.name}`, async (t) => {
    const clock = new ManualClock(setImmediate)
    const service = await startApp(t, { clock, settings: { heartbeatSeconds: HEARTBEAT } })
    const witness = await openFor(t, webSocketClient, service, { channel: 'other' })
    await witness.inbox.expect('ready')
    const client = await openFor(t, kind, service, { channel: 'a', wait: HEARTBEAT })
    const cursors = [(await client.inbox.expect('ready')).cursor]
    for (let n = 1; n <= 3; n++) {
      await until('both streams are open', () => clock.timers === OWN_TIMERS + 2)
      const [published] = await publishNumbers(service, 'other', n, n)
      await witness.inbox.notifications(1)
      clock.pass(HEARTBEAT * 1000 - 1)
      t.equal(client.inbox.size, 0, 'not too early')
      clock.pass(1)
      const { cursor } = await client.inbox.expect('heartbeat')
      t.equal(cursor, published, 'it has moved on, though the channel was quiet')
      await witness.inbox.expect('heartbeat')
      cursors.push(cursor)
    }
    await publishNumbers(service, 'a', 1, 1)
    for (const cursor of cursors) t.strictSame(await after(service, cursor), [1])
  })

  t.test(`P-35 what has run out is not delivered: ${kind.name}`, async (t) => {
    const clock = new ManualClock(setImmediate)
    const service = await startApp(t, { clock })
    await publish(service, [
      { channel: 'a', data: 'short', ttl: 5 },
      { channel: 'a', data: 'long', ttl: 10 },
    ])
    clock.pass(4999)
    const early = await openFor(t, kind, service, { channel: 'a', last: 10 })
    await early.inbox.expect('ready')
    t.match(await early.inbox.notifications(2), [{ data: 'short' }, { data: 'long' }])
    clock.pass(1)
    for (const start of [{ last: 10 }, { cursor: 'earliest' }]) {
      const late = await openFor(t, kind, service, { channel: 'a', ...start })
      if ('last' in start || kind.transport !== 'long-poll') await late.inbox.expect('ready')
      t.match(await late.inbox.notifications(1), [{ data: 'long' }])
    }
  })
}

for (const kind of FORMAT_CLIENTS) {
  t.test(`P-32 every message's cursor is safe to resume from: ${kind.name}`, async (t) => {
    const clock = new ManualClock(setImmediate)
    const service = await startApp(t, { clock, settings: { drainSeconds: 1 } })
    const client = await openFor(t, kind, service, { channel: 'a', wait: HEARTBEAT })
    const expected: [what: string, cursor: string, left: number[]][] = []
    const note = (what: string, cursor: string, left: number[]) => expected.push([what, cursor, left])

    note('ready', (await client.inbox.expect('ready')).cursor, [1, 2, 3, 4])
    await publishNumbers(service, 'a', 1, 3)
    const [one, two, three] = await client.inbox.notifications(3)
    note('the first notification', one?.cursor ?? '', [2, 3, 4])
    note('the second notification', two?.cursor ?? '', [3, 4])
    note('the third notification', three?.cursor ?? '', [4])
    await until('the stream is open', () => clock.timers === OWN_TIMERS + 1)
    clock.pass(HEARTBEAT * 1000)
    note('heartbeat', (await client.inbox.expect('heartbeat')).cursor, [4])
    await publishNumbers(service, 'a', 4, 4)
    await client.inbox.notifications(1)
    await until('the stream is open', () => clock.timers === OWN_TIMERS + 1)
    for (const [what, cursor, left] of expected) t.strictSame(await after(service, cursor), left, what)

    const drained = service.app.drain()
    const bye = await client.inbox.expect('bye')
    clock.pass(1000)
    await drained
    const next = await startApp(t, { log: service.log })
    t.strictSame(await after(next, bye.cursor), [], 'bye')
  })
}

for (const kind of ALL_CLIENTS.filter(({ transport }) => transport !== 'long-poll')) {
  t.test(
    `P-33 a stream that has reached its greatest age gets bye and is closed: ${kind.name}`,
    async (t) => {
      const clock = new ManualClock(setImmediate)
      const service = await startApp(t, {
        clock,
        settings: { maxAgeSeconds: 30, heartbeatSeconds: HEARTBEAT },
      })
      const client = await openFor(t, kind, service, { channel: 'a' })
      await client.inbox.expect('ready')
      clock.pass(HEARTBEAT * 1000)
      await client.inbox.expect('heartbeat')
      clock.pass(HEARTBEAT * 1000)
      const bye = await client.inbox.expect('bye')
      t.match(bye, { reason: 'max-age', retryAfter: 0 })
      if (kind.transport === 'websocket') t.equal(await client.inbox.ended, 4508)
      else await client.inbox.ended
      await publishNumbers(service, 'a', 1, 1)
      t.strictSame(await after(service, bye.cursor), [1])
    },
  )
}
