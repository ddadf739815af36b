import t from 'tap'
import { OWN_TIMERS, startApp } from '../support/app.ts'
import { ALL_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { fetchLongPollClient } from '../support/clients/long-poll.ts'
import { get, publishNumbers } from '../support/clients/requests.ts'
import { fetchSseClient } from '../support/clients/sse.ts'
import { openWebSocket, webSocketClient } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openRaw } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

/** Another than the default. */
const DRAIN_SECONDS = 12

t.test('P-34 streams leave one by one, evenly over the window, and are served until then', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { drainSeconds: DRAIN_SECONDS, maxAgeSeconds: 0 } })
  const kinds = [webSocketClient, fetchSseClient, webSocketClient, fetchSseClient, webSocketClient]
  const clients = []
  for (const kind of kinds) {
    const client = await openFor(t, kind, service, { channel: 'a' })
    await client.inbox.expect('ready')
    clients.push(client)
  }
  let isDrained = false
  const drained = service.app.drain().then(() => {
    isDrained = true
  })
  const byes = await Promise.all(clients.map(({ inbox }) => inbox.expect('bye')))
  const pace = (DRAIN_SECONDS * 1000) / kinds.length
  t.strictSame(
    byes.map(({ reason, retryAfter }) => ({ reason, retryAfter })),
    kinds.map((_, i) => ({ reason: 'draining', retryAfter: pace * (i + 1) })),
  )
  for (let left = clients; left.length > 0; left = left.slice(1)) {
    await publishNumbers(service, 'a', left.length, left.length)
    for (const { inbox } of left) t.match(await served(inbox), { data: left.length })
    clock.pass(pace - 1)
    t.notOk(isDrained)
    clock.pass(1)
    const code = await left[0]?.inbox.ended
    if (code !== undefined) t.equal(code, 1012)
  }
  await drained
})

/** The next notification, whatever heartbeats come before it. */
async function served(inbox: Awaited<ReturnType<typeof openFor>>['inbox']) {
  for (;;) {
    const message = await inbox.next()
    if (message.type === 'notification') return message.notification
  }
}

t.test('P-34 long-polls are answered at once with bye, and keep nobody waiting', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { drainSeconds: DRAIN_SECONDS } })
  const clients = await Promise.all(
    Array.from({ length: 4 }, () => openFor(t, fetchLongPollClient, service, { channel: 'a' })),
  )
  for (const { inbox } of clients) await inbox.expect('ready')
  await until('all wait', () => clock.timers === OWN_TIMERS + clients.length)
  const drained = service.app.drain()
  const byes = await Promise.all(clients.map(({ inbox }) => inbox.expect('bye')))
  t.strictSame(
    byes.map(({ retryAfter }) => retryAfter).sort((a, b) => a - b),
    [3000, 6000, 9000, 12_000],
  )
  await Promise.all(clients.map(({ inbox }) => inbox.ended))
  clock.pass(DRAIN_SECONDS * 1000)
  await drained
})

t.test(
  'P-34 P-80 new streams are refused from the first moment, and the instance is not ready',
  async (t) => {
    const clock = new ManualClock(setImmediate)
    const service = await startApp(t, { clock, settings: { drainSeconds: DRAIN_SECONDS } })
    const last = await openFor(t, webSocketClient, service, { channel: 'a' })
    await last.inbox.expect('ready')
    const drained = service.app.drain()
    for (const accept of ['*/*', 'text/event-stream']) {
      const { status, headers, body } = await get(service, '/v1/stream?channel=a', { accept })
      t.equal(status, 503)
      t.match(headers, { 'retry-after': /^\d+$/ })
      t.match(body, { code: 'draining' })
    }
    await t.rejects(openWebSocket(service, { channel: 'a' }), /503/)
    t.match(await get(service, '/readyz'), { status: 503, body: { code: 'draining' } })
    t.equal((await get(service, '/livez')).status, 200)
    clock.pass(DRAIN_SECONDS * 1000)
    await drained
  },
)

t.test('P-34 connections on which nothing was asked, or only half, keep no instance alive', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { drainSeconds: 0 } })
  await openRaw(t, service.port)
  const half = await openRaw(t, service.port)
  half.socket.write(
    'POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  )
  await get(service, '/livez')
  const drained = service.app.drain()
  await until('the last grace has begun', () => clock.timers === OWN_TIMERS + 1)
  clock.pass(5000)
  await drained
})

t.test('P-34 an instance that is closed without a drain says bye as well', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock })
  const clients = await Promise.all(ALL_CLIENTS.map((kind) => openFor(t, kind, service, { channel: 'a' })))
  for (const { inbox } of clients) await inbox.expect('ready')
  await until('all are there', () => clock.timers === OWN_TIMERS + clients.length)
  const closed = service.app.server.close()
  for (const { inbox } of clients) t.match(await inbox.expect('bye'), { reason: 'draining', retryAfter: 0 })
  await closed
})
