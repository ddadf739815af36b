import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import type { Settings } from '../../src/config/settings.ts'
import { OWN_TIMERS, startApp } from '../support/app.ts'
import { eventSourceClient } from '../support/clients/sse.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { scrape } from '../support/metrics.ts'
import { getBytes, openRaw, UPGRADE } from '../support/raw-http.ts'
import { frame, OPCODE } from '../support/raw-websocket.ts'
import { until } from '../support/until.ts'

const HEARTBEAT_SECONDS = 10
const HEARTBEAT_MS = 1000 * HEARTBEAT_SECONDS
const STALL_SECONDS = 60
const MAX_AGE_SECONDS = 3600
/** As in the subscriber. */
const CLOSE_GRACE_MS = 5_000

type Teardown = Parameters<typeof startApp>[0]
type Service = Awaited<ReturnType<typeof startNarrow>>

/** A service with one place, so that whether a new stream gets in says whether the old one is gone. */
async function startNarrow(t: Teardown, settings: Partial<Settings> = {}) {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, {
    clock,
    settings: {
      maxConnections: 1,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      maxAgeSeconds: MAX_AGE_SECONDS,
      stallSeconds: STALL_SECONDS,
      ...settings,
    },
  })
  return { ...service, clock }
}

/** Says whether the place is free, and nothing of its last stream is left: its timer is called off with the rest. */
async function isFreed({ url, clock }: Service): Promise<boolean> {
  const answer = await fetch(`${url}/v1/stream?channel=free`, { headers: { connection: 'close' } })
  await answer.arrayBuffer()
  return answer.status === 200 && clock.timers === OWN_TIMERS
}

/**
 * Asks for a stream of far more than the kernels' buffers hold, never reads of it, and waits until nothing moves any more.
 * @param again asks again after every whole answer: one long-poll's is too small
 */
async function openStuck(t: Teardown, service: Service, request: string, again = false): Promise<void> {
  const accepted = once(service.app.server.server, 'connection') as Promise<[Socket]>
  const { socket } = await openRaw(t, service.port)
  socket.pause()
  const [near] = await accepted
  for (let i = 0; i < 300; i++) {
    await service.log.append([{ channel: 'a', id: String(i), data: JSON.stringify('x'.repeat(50_000)) }])
  }
  socket.write(request)
  let taken = 0
  let answered = 0
  let looks = 0
  await until('it is stuck', () => {
    const before = taken
    taken = near.bytesWritten - near.writableLength
    if (again && near.writableLength === 0 && taken !== answered) {
      answered = taken
      socket.write(request)
    }
    looks = near.writableLength > 0 && taken === before ? looks + 1 : 0
    return looks === 20
  })
}

const WEBSOCKET = getBytes('/v1/stream?channel=a&cursor=earliest', UPGRADE)
const SSE = getBytes('/v1/stream?channel=a&cursor=earliest', { accept: 'text/event-stream' })

t.test('a WebSocket that leaves two pings unanswered is closed with 4408 and freed', async (t) => {
  const service = await startNarrow(t)
  const client = await openWebSocket(service, { channel: 'a' }, { answersPings: false })
  await client.inbox.expect('ready')
  for (let ping = 1; ping <= 2; ping++) {
    service.clock.pass(HEARTBEAT_MS)
    await client.inbox.expect('heartbeat')
  }
  t.notOk(await isFreed(service), 'two pings are out, and may still be answered')
  service.clock.pass(HEARTBEAT_MS)
  t.equal(await client.inbox.ended, 4408)
  await until('it is freed', () => isFreed(service))
  const ended = { transport: 'websocket', reason: 'heartbeat-unanswered' }
  t.equal((await scrape(service)).value('tidings_connections_closed_total', ended), 1)
})

t.test('a WebSocket that answers stays, however long', async (t) => {
  const service = await startNarrow(t)
  const client = await openWebSocket(service, { channel: 'a' })
  await client.inbox.expect('ready')
  for (let i = 0; i < 20; i++) {
    service.clock.pass(HEARTBEAT_MS)
    await client.inbox.expect('heartbeat')
    // Its pong is behind it on the way: what is answered after it shows that the pong has come.
    client.say({ type: 'ping' })
    await client.inbox.expect('pong')
  }
  await client.close()
})

t.test('a WebSocket peer that vanished without a word is freed', async (t) => {
  const service = await startNarrow(t)
  const proxy = await startFaultProxy(t, service.port)
  const client = await openWebSocket({ url: `http://127.0.0.1:${proxy.port}` }, { channel: 'a' })
  await client.inbox.expect('ready')
  proxy.fault = 'swallow'
  service.clock.pass(3 * HEARTBEAT_MS)
  await until('it is freed', () => isFreed(service))
  t.equal(client.inbox.size, 0, 'and it has heard nothing of it')
})

t.test('a WebSocket peer that is stuck is freed', async (t) => {
  const service = await startNarrow(t)
  await openStuck(t, service, WEBSOCKET)
  t.notOk(await isFreed(service))
  service.clock.pass(3 * HEARTBEAT_MS)
  await until('it is freed', () => isFreed(service))
})

for (const [kind, request] of Object.entries({ WebSocket: WEBSOCKET, SSE })) {
  t.test(`a peer that takes no bytes over ${kind} is freed when it has stalled for too long`, async (t) => {
    const service = await startNarrow(t, { stallSeconds: 1 })
    await openStuck(t, service, request)
    await until('it is freed', () => isFreed(service))
    const ended = { transport: kind.toLowerCase(), reason: 'stalled' }
    t.equal(
      (await scrape(service)).value('tidings_connections_closed_total', ended),
      1,
      'and counted as such',
    )
  })

  t.test(`a peer that has taken everything over ${kind} stays, however long nothing comes`, async (t) => {
    const service = await startNarrow(t, { stallSeconds: 1 })
    const accepted = once(service.app.server.server, 'connection') as Promise<[Socket]>
    const client = await openRaw(t, service.port)
    client.socket.write(request)
    const [near] = await accepted
    await client.readThrough('ready')
    await once(near, 'timeout')
    t.notOk(await isFreed(service))
  })
}

t.test('an SSE peer that takes no bytes does not outlive the greatest age by much', async (t) => {
  const service = await startNarrow(t, { stallSeconds: 2 * MAX_AGE_SECONDS })
  await openStuck(t, service, SSE)
  service.clock.pass(900 * MAX_AGE_SECONDS - HEARTBEAT_MS)
  t.notOk(await isFreed(service), 'it may take its time')
  service.clock.pass(100 * MAX_AGE_SECONDS + HEARTBEAT_MS)
  service.clock.pass(CLOSE_GRACE_MS)
  await until('it is freed', () => isFreed(service))
})

t.test('a long-poll whose answer is not taken is freed', async (t) => {
  const service = await startNarrow(t, { stallSeconds: 1 })
  await openStuck(t, service, getBytes('/v1/stream?channel=a&cursor=earliest&limit=1000'), true)
  await until('it is freed', () => isFreed(service))
  t.pass()
})

t.test('an SSE peer behind a proxy that swallows everything is freed at the greatest age', async (t) => {
  const service = await startNarrow(t)
  const proxy = await startFaultProxy(t, service.port)
  const client = await eventSourceClient.open({ url: `http://127.0.0.1:${proxy.port}` }, { channel: 'a' })
  t.teardown(() => client.close())
  await client.inbox.expect('ready')
  proxy.fault = 'swallow'
  service.clock.pass(1000 * MAX_AGE_SECONDS)
  await until('it is freed', () => isFreed(service))
  t.equal(client.inbox.size, 0, 'and it has heard nothing of it')
})

t.test('a WebSocket peer that asks and asks but takes no answers is dropped, and freed', async (t) => {
  for (const [what, asking] of [
    ['messages', frame(OPCODE.text, '{"type":"unsubscribe","channels":["none"]}')],
    ['pings', frame(OPCODE.ping, 'x'.repeat(125))],
  ] as const) {
    // However fast it asks.
    const service = await startNarrow(t, { streamFramesPerSecond: 0, streamSubscribesPerSecond: 0 })
    const accepted = once(service.app.server.server, 'connection') as Promise<[Socket]>
    const { socket } = await openRaw(t, service.port)
    const [near] = await accepted
    // Its answers are long: it has a hundred channels.
    const channels = Array.from({ length: 100 }, (_, i) => `channel=${'x'.repeat(64)}:${i}`).join('&')
    socket.write(getBytes(`/v1/stream?${channels}`, UPGRADE))
    socket.pause()
    const asked = Buffer.concat(Array.from({ length: 100 }, () => asking))
    let most = 0
    await until(`${what}: it is dropped`, () => {
      if (!near.destroyed && socket.writableLength === 0) socket.write(asked)
      most = Math.max(most, near.writableLength)
      return near.destroyed
    })
    t.ok(most < 4 * 1024 * 1024, `${what}: ${most} bytes waited at most`)
    await until(`${what}: it is freed`, () => isFreed(service))
  }
})
