import { once } from 'node:events'
import t from 'tap'
import { Agent, request } from 'undici'
import { WebSocket } from 'ws'
import { type RunningApp, startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import {
  CLIENT_FORMATS,
  type ClientFormat,
  jsonFormat,
  msgpackFormat,
  protobufFormat,
} from '../support/clients/formats.ts'
import { MSGPACK, PROTOBUF, packed, protobufOf } from '../support/clients/publish-formats.ts'
import { get, publish, publishNumbers } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { untilOpen } from '../support/revocations.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const BINARY_FORMATS = [msgpackFormat, protobufFormat]

/** @param kept keeps the connection; default: it ends with the answer */
async function poll({ url }: RunningApp, query: string, accept: string, kept?: Agent) {
  const { statusCode, headers, body } = await request(`${url}/v1/stream?channel=a&${query}`, {
    headers: { accept },
    ...(kept ? { dispatcher: kept } : { reset: true }),
  })
  return { statusCode, headers, body: Buffer.from(await body.arrayBuffer()) }
}

/** One that takes each frame as it comes. */
async function openBare(t: { teardown(fn: () => void): void }, service: RunningApp, protocols: string[]) {
  const ws = new WebSocket(`${service.url.replace('http', 'ws')}/v1/stream?channel=a`, protocols)
  t.teardown(() => ws.terminate())
  const frames: { data: Buffer; isBinary: boolean }[] = []
  ws.on('message', (data: Buffer, isBinary) => frames.push({ data, isBinary }))
  await once(ws, 'open')
  const next = async () => {
    if (frames.length === 0) await once(ws, 'message')
    return frames.shift() ?? { data: Buffer.alloc(0), isBinary: false }
  }
  return { ws, next }
}

t.test('P-170 a WebSocket has the first format that was offered', async (t) => {
  const service = await startApp(t)
  const [json, msgpack, protobuf] = CLIENT_FORMATS.map(({ subprotocol }) => subprotocol) as [
    string,
    string,
    string,
  ]
  for (const [offered, chosen] of [
    [[msgpack], msgpackFormat],
    [[protobuf], protobufFormat],
    [['tidings.v2.cbor', msgpack, json], msgpackFormat],
    [[json, msgpack, protobuf], jsonFormat],
    [[protobuf, json], protobufFormat],
  ] as const) {
    const { ws, next } = await openBare(t, service, [...offered])
    t.equal(ws.protocol, chosen.subprotocol)
    t.match(chosen.message((await next()).data), { type: 'ready', channels: ['a'] }, `${offered}`)
  }
})

/** What `Accept` says, and what is answered. */
const ACCEPTED: readonly [accept: string, format: ClientFormat][] = [
  ['application/json', jsonFormat],
  ['application/msgpack', msgpackFormat],
  ['application/x-protobuf', protobufFormat],
  ['APPLICATION/MSGPACK', msgpackFormat],
  ['*/*', jsonFormat],
  ['application/*', jsonFormat],
  ['application/msgpack, */*', msgpackFormat],
  ['application/msgpack;q=0.5, application/json', jsonFormat],
  ['application/json;q=0.5, application/x-protobuf;q=0.8, application/msgpack;q=0.7', protobufFormat],
  ['application/json, application/msgpack', jsonFormat],
  ['application/json;q=0, application/msgpack;q=0.1', msgpackFormat],
  ['text/html, application/xhtml+xml', jsonFormat],
  ['application/cbor', jsonFormat],
  ['application/msgpack;q=0', jsonFormat],
  ['', jsonFormat],
  [', ;;q=x', jsonFormat],
]

t.test('P-170 a long-poll is answered in the format that Accept prefers, and never with 406', async (t) => {
  const service = await startApp(t)
  await publishNumbers(service, 'a', 1, 2)
  for (const [accept, format] of ACCEPTED) {
    const { statusCode, headers, body } = await poll(service, 'last=1', accept)
    t.equal(statusCode, 200)
    t.equal(String(headers['content-type']).split(';')[0], format.mediaType, accept)
    t.match(headers, { vary: 'Accept', 'content-length': `${body.length}` })
    t.match(format.answer(body), { notifications: [{ data: 2 }], ready: { transport: 'long-poll' } })
  }
})

t.test('P-170 Vary names what else counts, and SSE has it, too', async (t) => {
  const service = await startApp(t, { settings: { allowedOrigins: ['https://a.example'] } })
  const response = await request(`${service.url}/v1/stream?channel=a`, {
    headers: { origin: 'https://a.example' },
    reset: true,
  })
  t.equal(response.headers['vary'], 'Origin, Accept')
  await response.body.dump()
  const events = await request(`${service.url}/v1/stream?channel=a`, {
    headers: { accept: 'application/msgpack, text/event-stream' },
    reset: true,
  })
  t.match(events.headers, { 'content-type': 'text/event-stream; charset=utf-8', vary: 'Accept' })
  events.body.on('error', () => {}).destroy()
})

t.test('P-170 polls on one connection may each have another format', async (t) => {
  const service = await startApp(t)
  const [cursor] = await publishNumbers(service, 'a', 1, 3)
  const agent = new Agent({ connections: 1 })
  t.teardown(() => agent.close())
  let connections = 0
  let parsed = 0
  const { server } = service.app.server
  server.on('connection', () => connections++).on('request', () => parsed++)
  for (const format of [...CLIENT_FORMATS, ...CLIENT_FORMATS]) {
    for (let i = 0; i < 3; i++) {
      const { headers, body } = await poll(service, `cursor=${cursor}&limit=1`, format.mediaType, agent)
      t.equal(String(headers['content-type']).split(';')[0], format.mediaType)
      t.match(format.answer(body).notifications, [{ data: 2 }], format.name)
    }
  }
  t.equal(connections, 1)
  t.ok(parsed < 18, 'polls that come again are answered unparsed, in their format')
})

t.test(
  'P-171 P-172 P-173 every frame is binary, with one message; ready is as large as a notification',
  async (t) => {
    const service = await startApp(t)
    for (const format of BINARY_FORMATS) {
      const { ws, next } = await openBare(t, service, [format.subprotocol])
      const ready = await next()
      t.ok(ready.isBinary)
      t.ok(ready.data.length > 2048, 'with padding')
      t.match(format.message(ready.data), { type: 'ready', transport: 'websocket', heartbeat: 15 })
      for (const [message, answer] of [
        [
          { type: 'ping', request: '1' },
          { type: 'pong', request: '1' },
        ],
        [{ type: 'ping' }, { type: 'pong', request: undefined }],
        [
          { type: 'subscribe', channels: ['b'] },
          { type: 'subscribed', channels: ['a', 'b'] },
        ],
        [
          { type: 'unsubscribe', channels: ['a', 'b'] },
          { type: 'unsubscribed', channels: [] },
        ],
      ] as const) {
        ws.send(format.encode(message))
        const { data, isBinary } = await next()
        t.ok(isBinary)
        t.match(format.message(data), answer)
      }
      ws.send(format.encode({ type: 'subscribe', channels: ['a'] }))
      await next()
      await publishNumbers(service, 'a', 1, 2)
      for (const number of [1, 2]) {
        t.match(format.message((await next()).data), { type: 'notification', notification: { data: number } })
      }
    }
  },
)

t.test('P-174 what is no message gets an error in the format, and the connection lives', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { heartbeatSeconds: 3600 } })
  for (const format of BINARY_FORMATS) {
    const { inbox, say, ws } = await openWebSocket(service, { channel: 'a' }, { format })
    t.teardown(() => ws.terminate())
    await inbox.expect('ready')
    const frames: (string | Buffer | object)[] = [
      '{"type":"ping"}',
      // In bytes a ping in Protobuf, but in a frame of text.
      '"\u0000',
      Buffer.from('{"type":"ping"}'),
      Buffer.alloc(0),
      Buffer.alloc(1000, 0x91),
      Buffer.from(format.encode({ type: 'ping' })).subarray(0, -1),
      Buffer.concat([Buffer.from(format.encode({ type: 'ping' })), Buffer.from([0xc1])]),
      { type: 'subscribe', channels: [] },
      { type: 'subscribe', channels: Array(101).fill('a') },
    ]
    for (const frame of frames) {
      say(frame)
      t.match(await inbox.next(), { type: 'error', code: 'bad-message', message: /./ }, format.name)
      clock.pass(60_000)
    }
    say({ type: 'subscribe', channels: ['b::c'], request: '7' })
    t.match(await inbox.next(), { type: 'error', code: 'bad-channel', request: '7' })
    say({ type: 'ping', request: '8' })
    t.match(await inbox.next(), { type: 'pong', request: '8' })
  }
})

const DATA: readonly unknown[] = [
  null,
  false,
  0,
  -1,
  1.5e-7,
  2 ** 31,
  2 ** 53,
  1e300,
  '',
  'é😀\u0000',
  [],
  {},
  { a: [1, { b: null }], 'é"': 'x'.repeat(300) },
  Array.from({ length: 20 }, (_, i) => i),
]

for (const kind of FORMAT_CLIENTS) {
  t.test(`P-175 P-176 what is published in any format arrives as the same value: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    const client = await openFor(t, kind, service, { channel: 'a' })
    await client.inbox.expect('ready')
    const items = DATA.map((data, i) => ({ channel: 'a', data, type: 'some.type', id: `${i}`, ttl: 60 }))
    await publish(service, items)
    const asJson = await client.inbox.notifications(items.length)
    const renamed = (prefix: string) => items.map((item) => ({ ...item, id: `${prefix}${item.id}` }))
    t.equal((await publish(service, packed(renamed('m')), MSGPACK)).status, 201)
    const asMsgpack = await client.inbox.notifications(items.length)
    t.equal((await publish(service, protobufOf(...renamed('p')), PROTOBUF)).status, 201)
    const asProtobuf = await client.inbox.notifications(items.length)
    for (const [i, data] of DATA.entries()) {
      for (const [prefix, got] of Object.entries({ '': asJson, m: asMsgpack, p: asProtobuf })) {
        t.match(got[i], { channel: 'a', type: 'some.type', id: `${prefix}${i}` })
        t.strictSame(got[i]?.data, data)
      }
    }
  })
}

t.test(
  'P-170 P-176 one notification is the same in every format, also where polls wait together',
  async (t) => {
    const service = await startApp(t)
    const clients = await Promise.all(
      FORMAT_CLIENTS.map((kind) => openFor(t, kind, service, { channel: 'a' })),
    )
    for (const { inbox } of clients) await inbox.expect('ready')
    const item = { channel: 'a', type: 'some.type', data: { é: [1, null] } }
    // Those who poll come with the same cursor from the second on.
    for (let round = 0; round < 3; round++) {
      await untilOpen(service, clients.length)
      await publish(service, item, { traceparent: TRACEPARENT })
      const [expected, ...others] = await Promise.all(clients.map(({ inbox }) => inbox.notifications(1)))
      t.match(expected, [{ ...item, traceparent: TRACEPARENT }])
      for (const [i, other] of others.entries())
        t.strictSame(other, expected, `${FORMAT_CLIENTS[i + 1]?.name}`)
    }
  },
)

t.test('P-175 one object, or several; each gets an id by its index from Idempotency-Key', async (t) => {
  const service = await startApp(t)
  const item = { channel: 'a', data: 1 }
  const key = { 'idempotency-key': 'k' }
  for (const [body, headers, ids] of [
    [packed(item), MSGPACK, ['k']],
    [packed([item, item]), MSGPACK, ['k:0', 'k:1']],
    [protobufOf(item), PROTOBUF, ['k:0']],
    [protobufOf(item, item), PROTOBUF, ['k:0', 'k:1']],
  ] as const) {
    const answer = await publish(service, body, { ...headers, ...key })
    t.equal(String(answer.headers['content-type']).split(';')[0], 'application/json')
    t.strictSame(
      answer.body.notifications.map(({ id }) => id),
      ids,
    )
  }
})

t.test(
  'P-175 what JSON may not have is refused, with a pointer where there is one, and nothing is stored',
  async (t) => {
    const service = await startApp(t)
    const good = { channel: 'a', data: 1 }
    const cases: [
      what: string,
      body: Buffer,
      headers: Record<string, string>,
      code: string,
      pointer?: string,
    ][] = [
      ['nothing', Buffer.alloc(0), MSGPACK, 'bad-msgpack'],
      ['a truncated body', packed(good).subarray(0, -1), MSGPACK, 'bad-msgpack'],
      ['two values', Buffer.concat([packed(good), packed(good)]), MSGPACK, 'bad-msgpack'],
      ['bytes', packed({ channel: 'a', data: Buffer.from('x') }), MSGPACK, 'bad-msgpack'],
      ['a time', packed({ channel: 'a', data: new Date() }), MSGPACK, 'bad-msgpack'],
      ['NaN', packed({ channel: 'a', data: Number.NaN }), MSGPACK, 'bad-msgpack'],
      ['no notification', packed([]), MSGPACK, 'bad-notification'],
      ['a member too many', packed([good, { ...good, more: 1 }]), MSGPACK, 'bad-notification', '/1/more'],
      ['a thousand and one', packed(Array(1001).fill(good)), MSGPACK, 'bad-notification'],
      ['no notification', Buffer.alloc(0), PROTOBUF, 'bad-notification'],
      ['a truncated body', protobufOf(good).subarray(0, -1), PROTOBUF, 'bad-protobuf'],
      [
        'a field too many',
        Buffer.concat([protobufOf(good), Buffer.from([0x10, 1])]),
        PROTOBUF,
        'bad-protobuf',
      ],
      ['no data', protobufOf({ channel: 'a' }), PROTOBUF, 'bad-json', '/0/data'],
      ['no channel', protobufOf(good, { data: 1 }), PROTOBUF, 'bad-notification', '/1'],
      [
        'a wrong channel',
        protobufOf({ channel: 'a::b', data: 1 }),
        PROTOBUF,
        'bad-notification',
        '/0/channel',
      ],
      ['a ttl of 0', protobufOf({ ...good, ttl: 0 }), PROTOBUF, 'bad-notification', '/0/ttl'],
      ['a thousand and one', protobufOf(...Array(1001).fill(good)), PROTOBUF, 'bad-notification'],
    ]
    for (const [what, body, headers, code, pointer] of cases) {
      const answer = await publish(service, body, headers)
      t.equal(answer.status, 400, what)
      t.match(answer.body, { code, ...(pointer !== undefined && { errors: [{ pointer }] }) }, what)
    }
    const { body } = await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
    t.match(body, { notifications: [] })
  },
)
