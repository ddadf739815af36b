import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { ALL_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publishNumbers } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { getBytes, openRaw, UPGRADE } from '../support/raw-http.ts'

const run = promisify(execFile)

const SUBPROTOCOL = 'tidings.v1.json'

const NEGOTIATIONS: readonly [query: string, accept: string | undefined, transport: string][] = [
  ['', undefined, 'long-poll'],
  ['', '*/*', 'long-poll'],
  ['', 'application/json', 'long-poll'],
  ['', 'text/event-stream', 'sse'],
  ['', 'Text/Event-Stream', 'sse'],
  ['', 'application/json, text/event-stream;q=0.9', 'sse'],
  ['', 'text/event-stream; charset=utf-8; Q=0.001', 'sse'],
  ['', 'text/event-stream;q=0', 'long-poll'],
  ['', 'application/json, Text/Event-Stream ; Q=0.000', 'long-poll'],
  ['&transport=sse', undefined, 'sse'],
  ['&transport=sse', 'application/json', 'sse'],
  ['&transport=long-poll', 'text/event-stream', 'long-poll'],
]

t.test('P-20 the request says which transport', async (t) => {
  const service = await startApp(t)
  for (const [query, accept, transport] of NEGOTIATIONS) {
    const raw = await openRaw(t, service.port)
    raw.socket.write(getBytes(`/v1/stream?channel=a${query}`, accept === undefined ? {} : { accept }))
    t.match(await raw.readThrough('"channels"'), `"transport":"${transport}"`, `${query} ${accept}`)
    raw.socket.destroy()
  }
})

t.test(
  'P-20 a WebSocket speaks tidings.v1.json, whatever else was offered, and when nothing was',
  async (t) => {
    const service = await startApp(t)
    for (const [offered, chosen] of [
      [[], ''],
      [[SUBPROTOCOL], SUBPROTOCOL],
      [['tidings.v2.cbor', SUBPROTOCOL, 'graphql-ws'], SUBPROTOCOL],
    ] as const) {
      const client = await openWebSocket(service, { channel: 'a' }, { protocols: offered })
      t.equal(client.ws.protocol, chosen)
      t.match(await client.inbox.expect('ready'), { transport: 'websocket', channels: ['a'] })
      await client.close()
    }
  },
)

const REFUSED_UPGRADES: readonly [
  why: string,
  query: string,
  headers: Record<string, string>,
  body: object,
][] = [
  [
    'no subprotocol that is spoken here',
    'channel=a',
    { 'sec-websocket-protocol': 'graphql-ws, mqtt' },
    { code: 'bad-query', errors: [{ pointer: '/sec-websocket-protocol' }] },
  ],
  ['a channel', 'channel=a::b', {}, { code: 'bad-query', errors: [{ pointer: '/channel' }] }],
  ['a cursor', 'channel=a&cursor=x', {}, { code: 'bad-cursor' }],
  ['a version', 'channel=a', { 'sec-websocket-version': '7' }, { code: 'bad-query' }],
  ['a key', 'channel=a', { 'sec-websocket-key': 'short' }, { code: 'bad-query' }],
  [
    'the same subprotocol twice',
    'channel=a',
    { 'sec-websocket-protocol': 'tidings.v1.json, tidings.v1.json' },
    { code: 'bad-query' },
  ],
  [
    'no tokens for subprotocols',
    'channel=a',
    { 'sec-websocket-protocol': 'tidings.v1.json,, a b' },
    { code: 'bad-query' },
  ],
]

t.test('P-20 P-25 what can be refused is refused before the upgrade, with a problem document', async (t) => {
  const service = await startApp(t)
  for (const [why, query, headers, expected] of REFUSED_UPGRADES) {
    const raw = await openRaw(t, service.port)
    raw.socket.write(getBytes(`/v1/stream?${query}`, { ...UPGRADE, ...headers }))
    const head = await raw.readThrough('\r\n\r\n')
    t.match(head, /^HTTP\/1.1 400 /, why)
    t.match(head, /content-type: application\/problem\+json/i, why)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
    t.match(JSON.parse((await raw.read(length)).toString()), { status: 400, ...expected }, why)
  }
})

t.test('P-20 an upgrade to anything else is ignored: the request counts', async (t) => {
  const service = await startApp(t)
  const h2c = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
  }
  const body = '{"channel":"a","data":"é"}'
  const post = { ...h2c, 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` }
  for (const [request, answer] of [
    [getBytes('/v1/notifications', post).replace('GET', 'POST') + body, /^HTTP\/1.1 201 .*}]}$/s],
    [getBytes('/v1/stream?channel=a&cursor=earliest', h2c), /^HTTP\/1.1 200 .*"data":"é"/s],
  ] as const) {
    const raw = await openRaw(t, service.port)
    raw.socket.write(request.slice(0, -5))
    raw.socket.write(request.slice(-5))
    const text = (await raw.rest()).toString()
    t.match(text, answer)
    t.match(text, /^connection: close\r$/im, 'its connection has been given up once')
  }
  const { stdout } = await run('curl', [
    '-s',
    '--http2',
    `${service.url}/v1/stream?channel=a&cursor=earliest`,
  ])
  t.match(JSON.parse(stdout), { notifications: [{ data: 'é' }] })
})

const CHANNELS = (count: number) => Array.from({ length: count }, (_, n) => `channel=c:${n}`).join('&')

const BAD_QUERIES: readonly [query: string, pointer: string][] = [
  ['', '/channel'],
  ['channel=', '/channel'],
  [CHANNELS(101), '/channel'],
  ['channel=a&last=-1', '/last'],
  ['channel=a&last=1001', '/last'],
  ['channel=a&last=1.5', '/last'],
  ['channel=a&last=1&last=2', '/last'],
  ['channel=a&wait=61', '/wait'],
  ['channel=a&wait=', '/wait'],
  ['channel=a&wait=99999999999999999999', '/wait'],
  ['channel=a&limit=0', '/limit'],
  ['channel=a&limit=1001', '/limit'],
  ['channel=a&limit=0x10', '/limit'],
  ['channel=a&transport=carrier-pigeon', '/transport'],
  ['channel=a&transport=websocket', '/transport'],
  ['channel=a&cursor=1-1&cursor=1-2', '/cursor'],
]

t.test('P-21 a query parameter that is not valid is 400 bad-query, and is named', async (t) => {
  const service = await startApp(t)
  for (const [query, pointer] of BAD_QUERIES) {
    for (const accept of ['*/*', 'text/event-stream']) {
      const { status, body } = await get(service, `/v1/stream?${query}`, { accept })
      t.equal(status, 400, query)
      t.match(body, { code: 'bad-query', errors: [{ pointer }] }, query)
    }
  }
})

t.test('P-21 limits are taken in full, and parameters that are not known are ignored', async (t) => {
  const service = await startApp(t)
  for (const query of [
    CHANNELS(100),
    'channel=a&channel=a',
    'channel=a&last=0',
    'channel=a&last=1000&limit=1000&wait=60',
    'channel=a&limit=1&wait=0',
    'channel=a&_=1732452000&__proto__=1&constructor=x',
  ]) {
    t.equal((await get(service, `/v1/stream?${query}`)).status, 200, query)
  }
  const none = await openWebSocket(service, { channel: [] })
  t.match(await none.inbox.expect('ready'), { channels: [] })
  await none.close()
})

for (const kind of ALL_CLIENTS) {
  t.test(`P-22 a stream starts where it is told: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    const cursors = await publishNumbers(service, 'a', 1, 3)
    await publishNumbers(service, 'b', 4, 6)
    const cases: [string, object, readonly number[]][] = [
      ['earliest', { cursor: 'earliest' }, [1, 2, 3]],
      ['a cursor', { cursor: cursors[1] }, [3]],
      ['a cursor before last', { cursor: cursors[0], last: 1 }, [2, 3]],
      ['the newest', { last: 2 }, [2, 3]],
      ['more than there are', { last: 1000 }, [1, 2, 3]],
      ['none of the newest', { last: 0 }, []],
      ['now', {}, []],
    ]
    const clients = await Promise.all(
      cases.map(([, start]) => openFor(t, kind, service, { channel: 'a', ...start })),
    )
    for (const [i, [, start]] of cases.entries()) {
      if (kind.transport !== 'long-poll' || !('cursor' in start)) await clients[i]?.inbox.expect('ready')
    }
    await publishNumbers(service, 'a', 7, 7)
    for (const [i, [what, , expected]] of cases.entries()) {
      const got = await clients[i]?.inbox.notifications(expected.length + 1)
      t.strictSame(
        got?.map(({ data }) => data),
        [...expected, 7],
        what,
      )
    }
  })
}

t.test('P-22 Last-Event-ID goes before everything else', async (t) => {
  const service = await startApp(t)
  const cursors = await publishNumbers(service, 'a', 1, 3)
  for (const query of ['', '&cursor=earliest', '&last=3', `&cursor=${cursors[0]}`]) {
    const headers = { 'last-event-id': cursors[1] ?? '' }
    const { body } = await get(service, `/v1/stream?channel=a${query}&wait=0`, headers)
    const { notifications } = body as { notifications: { data: number }[] }
    t.strictSame(
      notifications.map(({ data }) => data),
      [3],
      query,
    )
  }
  const empty = await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0', { 'last-event-id': '' })
  t.match(empty.body, { notifications: [{ data: 1 }] }, 'an empty one is none')
})

const BAD_CURSORS = [
  '1',
  'x',
  'ABC-1',
  'abc-',
  '-1',
  'abc-1-1',
  'abc--1',
  'abc-1.5',
  'abc-zzzzzzzzzzz',
  'abc-000000000000',
  'abc-1\u0000',
  'abc- 1',
  '{"epoch":"abc"}',
  'EARLIEST',
  'x'.repeat(5000),
]

t.test('P-22 an empty cursor is as good as none', async (t) => {
  const service = await startApp(t)
  const { body } = await get(service, '/v1/stream?channel=a&cursor=')
  t.match(body, { notifications: [], ready: { transport: 'long-poll' } })
})

t.test('P-23 an unintelligible cursor is 400 bad-cursor', async (t) => {
  const service = await startApp(t)
  for (const cursor of BAD_CURSORS) {
    const { status, body } = await get(service, `/v1/stream?channel=a&cursor=${encodeURIComponent(cursor)}`)
    t.equal(status, 400, cursor.slice(0, 20))
    t.match(body, { code: 'bad-cursor' }, cursor.slice(0, 20))
  }
  const inHeader = await get(service, '/v1/stream?channel=a', { 'last-event-id': 'nonsense' })
  t.match(inHeader.body, { status: 400, code: 'bad-cursor' })
})
