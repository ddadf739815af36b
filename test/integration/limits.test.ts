import t from 'tap'
import type { Log } from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { formatCursor } from '../../src/protocol/cursor.ts'
import type { TransportKind } from '../../src/protocol/messages.ts'
import { OWN_TIMERS, type RunningApp, startApp } from '../support/app.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, openRaw, type RawConnection, UPGRADE } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

type Teardown = Parameters<typeof openRaw>[0]

const HEADERS: Readonly<Record<TransportKind, Readonly<Record<string, string>>>> = {
  websocket: UPGRADE,
  sse: { accept: 'text/event-stream' },
  'long-poll': {},
}
const KINDS = Object.keys(HEADERS) as TransportKind[]

/** A request that becomes a stream and stays one. */
async function longRequest(kind: TransportKind, log: Log): Promise<string> {
  const { epoch, last } = await log.bounds()
  return getBytes(`/v1/stream?channel=a&wait=60&cursor=${formatCursor(epoch, last)}`, HEADERS[kind])
}

/** Opens a stream, and waits until it has its place; `isIn` says so. */
async function openStream(
  t: Teardown,
  { port, log }: RunningApp,
  kind: TransportKind,
  isIn: () => Promise<boolean>,
): Promise<RawConnection> {
  const connection = await openRaw(t, port)
  connection.socket.write(await longRequest(kind, log))
  await until(`the ${kind} stream has its place`, isIn)
  return connection
}

/** How a request for a stream is refused: the whole answer. */
async function refusal(t: Teardown, { port, log }: RunningApp, kind: TransportKind): Promise<string> {
  const connection = await openRaw(t, port)
  const request = await longRequest(kind, log)
  connection.socket.write(
    kind === 'websocket' ? request : request.replace('\r\n', '\r\nconnection: close\r\n'),
  )
  return (await connection.rest()).toString()
}

/** Says whether a stream would get a place now, by a long-poll that is answered at once. */
async function hasPlace({ url }: RunningApp): Promise<boolean> {
  const answer = await fetch(`${url}/v1/stream?channel=a`, { headers: { connection: 'close' } })
  await answer.arrayBuffer()
  return answer.status === 200
}

function testLog(): Log {
  return openMemoryLog({
    retentionSeconds: 60,
    retentionBytes: 1024 ** 2,
    idempotencySeconds: 60,
    maxScheduled: 10,
  })
}

/** A log that looks for the newest notifications as `newest` does. */
function logThatFinds(newest: () => Promise<number>): Log {
  const log = testLog()
  return Object.assign(Object.create(log), {
    schedule: log.schedule,
    peers: log.peers,
    newest,
    append: log.append.bind(log),
    tail: log.tail.bind(log),
    read: log.read.bind(log),
    bounds: log.bounds.bind(log),
    close: log.close.bind(log),
  })
}

for (const [limit, status, code] of [
  ['maxConnections', 503, 'at-capacity'],
  ['maxConnectionsPerAddress', 429, 'too-many-connections'],
] as const) {
  t.test(`beyond ${limit} a stream is refused before it begins, on every transport`, async (t) => {
    const service = await startApp(t, { settings: { [limit]: KINDS.length } })
    for (const [i, kind] of KINDS.entries()) {
      const isLast = i === KINDS.length - 1
      const connection = await openStream(t, service, kind, async () => !isLast || !(await hasPlace(service)))
      if (kind !== 'long-poll') await connection.readThrough('ready')
    }
    for (const kind of KINDS) {
      const answer = await refusal(t, service, kind)
      t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), kind)
      t.match(answer, /^retry-after: [1-9]\d*\r$/im, kind)
      t.match(answer, /^content-type: application\/problem\+json\r$/im, kind)
      t.match(answer, `"code":"${code}"`, kind)
    }
    t.equal((await publish(service, { channel: 'a', data: 1 })).status, 201, 'publishers are no streams')
  })
}

for (const limit of ['maxConnections', 'maxConnectionsPerAddress'] as const) {
  t.test(`a stream gives its place in ${limit} back however it ends`, async (t) => {
    const service = await startApp(t, { settings: { [limit]: 1 } })
    const isFull = async () => !(await hasPlace(service))
    const endings: Record<string, (connection: RawConnection) => unknown> = {
      'the client closes': ({ socket }) => socket.end(),
      'the client resets the connection': ({ socket }) => socket.resetAndDestroy(),
    }
    for (const [how, end] of Object.entries(endings)) {
      for (const kind of KINDS) {
        end(await openStream(t, service, kind, isFull))
        await until(`${kind}: ${how}`, () => hasPlace(service))
      }
    }

    const poll = await openStream(t, service, 'long-poll', isFull)
    await publish(service, { channel: 'a', data: 1 })
    await poll.readThrough('"data":1')
    await until('a long-poll is answered, and its connection stays', () => hasPlace(service))

    const ws = await openWebSocket(service, { channel: 'a' })
    ws.ws.close()
    await ws.inbox.ended
    await until('a WebSocket is closed by its handshake', () => hasPlace(service))
    t.pass('each time')
  })
}

t.test('a stream that does not begin gives its place back', async (t) => {
  for (const kind of KINDS) {
    const looking: ((position: number) => void)[] = []
    const log = logThatFinds(() => new Promise((resolve) => looking.push(resolve)))
    const clock = new ManualClock(setImmediate)
    const service = await startApp(t, { settings: { maxConnections: 1 }, log, clock })
    const gone = await openRaw(t, service.port)
    gone.socket.write(getBytes('/v1/stream?channel=a&last=1', HEADERS[kind]))
    await until('the log is asked', () => looking.length === 1)
    t.notOk(await hasPlace(service), `${kind}: it has its place while the log is asked`)
    gone.socket.destroy()
    // A socket that asks for an upgrade is not read until it has it, so here the client is missed only then.
    if (kind !== 'websocket') await until(`${kind}: the client has gone`, () => hasPlace(service))
    looking[0]?.(0)
    await until(`${kind}: the client goes while the log is asked`, () => hasPlace(service))
    t.equal(clock.timers, OWN_TIMERS, `${kind}: no subscriber is left`)
  }
  for (const kind of KINDS) {
    const log = logThatFinds(() => Promise.reject(new Error('broken')))
    const service = await startApp(t, { settings: { maxConnections: 1 }, log })
    const connection = await openRaw(t, service.port)
    connection.socket.write(getBytes('/v1/stream?channel=a&last=1', HEADERS[kind]))
    t.match(await connection.readThrough('\r\n'), / 500 /)
    await until(`${kind}: the log fails`, () => hasPlace(service))
  }
  const service = await startApp(t, { settings: { maxConnections: 1 } })
  const { 'sec-websocket-key': _, ...withoutKey } = UPGRADE
  const connection = await openRaw(t, service.port)
  connection.socket.write(getBytes('/v1/stream?channel=a', withoutKey))
  t.match((await connection.rest()).toString(), /^HTTP\/1.1 400 /)
  t.ok(await hasPlace(service), 'a handshake is refused')
})

t.test('a stream whose start was looked up while the drain began is refused', async (t) => {
  for (const kind of KINDS) {
    const looking: ((position: number) => void)[] = []
    const log = logThatFinds(() => new Promise((resolve) => looking.push(resolve)))
    const service = await startApp(t, { log, clock: new ManualClock(setImmediate) })
    const connection = await openRaw(t, service.port)
    connection.socket.write(getBytes('/v1/stream?channel=a&last=1', HEADERS[kind]))
    await until('the log is asked', () => looking.length === 1)
    const drained = service.app.drain()
    looking[0]?.(0)
    t.match(await connection.readThrough('"code":"draining"'), /^HTTP\/1\.1 503 /, kind)
    connection.socket.destroy()
    await drained
  }
})

t.test('a stream that is pipelined behind another request is refused, and takes no place', async (t) => {
  const service = await startApp(t, { settings: { maxConnections: 2 } })
  const connection = await openRaw(t, service.port)
  const poll = await longRequest('long-poll', service.log)
  connection.socket.write(poll + poll + (await longRequest('sse', service.log)))
  await openStream(t, service, 'sse', async () => !(await hasPlace(service)))
  await publish(service, { channel: 'a', data: 1 })
  await until('the long-poll has been answered', () => hasPlace(service))
  for (const _ of ['long-poll', 'sse']) {
    t.match(await connection.readThrough('"code":"pipelined-stream"'), /HTTP\/1.1 400 /)
  }
})

t.test(
  'an upgrade that is pipelined behind another request is refused, and its connection closed',
  async (t) => {
    const service = await startApp(t, { settings: { maxConnections: 1 } })
    const connection = await openRaw(t, service.port)
    const poll = await longRequest('long-poll', service.log)
    connection.socket.write(poll + (await longRequest('websocket', service.log)))
    await until('the long-poll has its place', async () => !(await hasPlace(service)))
    await publish(service, { channel: 'a', data: 1 })
    const answers = (await connection.rest()).toString()
    t.match(answers, /^HTTP\/1.1 200 .*"data":1.*HTTP\/1.1 400 .*"code":"pipelined-stream"/s)

    const behindStream = await openRaw(t, service.port)
    behindStream.socket.write(await longRequest('sse', service.log))
    await behindStream.readThrough('ready')
    behindStream.socket.write(await longRequest('websocket', service.log))
    t.notMatch((await behindStream.rest()).toString(), 'HTTP', 'no answer is put into a stream')
    await until('all places are free', () => hasPlace(service))
  },
)

t.test('a subscriber has no more channels than it may, in the query and later', async (t) => {
  const service = await startApp(t, { settings: { maxChannels: 2 } })
  for (const path of ['channel=a&channel=b&channel=c', 'channel=a&channel=b:*&channel=c:**&transport=sse']) {
    t.match(await get(service, `/v1/stream?${path}`), { status: 400, body: { code: 'bad-query' } }, path)
  }
  const client = await openWebSocket(service, { channel: ['a', 'a'] })
  await client.inbox.expect('ready')
  client.say({ type: 'subscribe', channels: ['b', 'c'], request: '1' })
  t.match(await client.inbox.expect('error'), { code: 'too-many-channels', request: '1' })
  client.say({ type: 'subscribe', channels: ['a', 'b'] })
  t.match(await client.inbox.next(), { type: 'subscribed', channels: ['a', 'b'] }, 'the set was as before')
  await client.close()
})

t.test('a WebSocket message is no larger than it may be', async (t) => {
  const service = await startApp(t, { settings: { maxFrameBytes: 128 } })
  const message = (length: number) => JSON.stringify({ type: 'ping' }).padEnd(length)
  const client = await openWebSocket(service, { channel: 'a' })
  await client.inbox.expect('ready')
  client.say(message(128))
  await client.inbox.expect('pong')
  client.say(message(129))
  t.match(await client.inbox.expect('error'), { code: 'frame-too-large' })
  t.equal(await client.inbox.ended, 4413)

  const other = await openWebSocket(service, { channel: 'a' })
  await other.inbox.expect('ready')
  other.say(message(1024 ** 2))
  t.equal(await other.inbox.ended, 1009, 'what is far larger is not even read to its end')
})

t.test('a WebSocket message may come in pieces, but not in any number', async (t) => {
  const service = await startApp(t)
  const client = await openWebSocket(service, { channel: 'a' })
  await client.inbox.expect('ready')
  const sayInPieces = (count: number) => {
    for (let piece = 1; piece < count; piece++) client.ws.send('', { fin: false })
    client.say({ type: 'ping' })
  }
  sayInPieces(4096)
  await client.inbox.expect('pong')
  sayInPieces(4097)
  t.equal(await client.inbox.ended, 1008)
})

t.test('ten bad messages in a minute close a WebSocket, but not in more', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { maxAgeSeconds: 0, heartbeatSeconds: 3600 } })
  const client = await openWebSocket(service, { channel: 'a' })
  await client.inbox.expect('ready')
  for (let minute = 0; minute < 2; minute++) {
    for (let i = 0; i < 9; i++) {
      client.say('{')
      t.match(await client.inbox.expect('error'), { code: 'bad-message' })
    }
    clock.pass(60_000)
  }
  for (let i = 0; i < 10; i++) client.say('{')
  t.equal(await client.inbox.ended, 4400)
})

t.test('the body of a publish is no larger than it may be', async (t) => {
  const service = await startApp(t, { settings: { maxBodyBytes: 1024 } })
  const body = (length: number) => JSON.stringify({ channel: 'a', data: 1 }).padEnd(length)
  t.equal((await publish(service, body(1024))).status, 201)
  const { last } = await service.log.bounds()
  t.match(await publish(service, body(1025)), { status: 413, body: { code: 'too-large' } })
  t.equal((await service.log.bounds()).last, last, 'nothing was stored')
})

t.test('a request line and headers have room for 100 channels and a token, and not for more', async (t) => {
  const service = await startApp(t)
  const name = (i: number) => `${'x'.repeat(60)}:${'y'.repeat(60)}:${'z'.repeat(60)}:${'w'.repeat(60)}:${i}`
  const channels = Array.from({ length: 100 }, (_, i) => `channel=${name(i)}`).join('&')
  const headers = { authorization: `Bearer ${'x'.repeat(8 * 1024)}` }
  t.equal((await get(service, `/v1/stream?${channels}`, headers)).status, 200)
  for (const bytes of [
    getBytes(`/v1/stream?${channels}&x=${'x'.repeat(64 * 1024)}`),
    getBytes('/v1/stream?channel=a', { 'x-filler': 'x'.repeat(64 * 1024) }),
    getBytes(
      '/v1/stream?channel=a',
      Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`x-${i}`, ''])),
    ),
  ]) {
    const connection = await openRaw(t, service.port)
    connection.socket.write(bytes)
    t.match((await connection.rest()).toString(), /^HTTP\/1.1 431 .*"code":"headers-too-large"/s)
  }
})
