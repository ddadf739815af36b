import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { startApp } from '../support/app.ts'
import { openFor } from '../support/clients/client.ts'
import { publish, publishNumbers } from '../support/clients/requests.ts'
import {
  openWebSocket,
  type WebSocketClient,
  type WebSocketClientOptions,
  webSocketClient,
} from '../support/clients/websocket.ts'
import { ManualClock } from '../support/manual-clock.ts'

type Target = Parameters<typeof openWebSocket>[0]

/** A client that has had its `ready`. */
async function join(
  t: Test,
  target: Target,
  channel: readonly string[],
  options?: WebSocketClientOptions,
): Promise<WebSocketClient> {
  const client = await openWebSocket(target, { channel }, options)
  t.teardown(() => client.ws.terminate())
  await client.inbox.expect('ready')
  return client
}

t.test('P-60 every frame is text with one JSON object, type first', async (t) => {
  const service = await startApp(t)
  const ws = new WebSocket(`${service.url.replace('http', 'ws')}/v1/stream?channel=a&cursor=elsewhere-1`)
  t.teardown(() => ws.terminate())
  const frames: { text: string; isBinary: boolean }[] = []
  ws.on('message', (data, isBinary) => frames.push({ text: String(data), isBinary }))
  await once(ws, 'open')
  ws.send('{"type":"subscribe","channels":["b"]}')
  ws.send('{"type":"unsubscribe","channels":["b"]}')
  ws.send('{"type":"ping"}')
  ws.send('nonsense')
  while (frames.length < 6) await once(ws, 'message')
  for (const data of ['', 'x'.repeat(200), 'y'.repeat(60_000), 'é'.repeat(32_767)]) {
    await publish(service, { channel: 'a', data })
    await once(ws, 'message')
    const { notification } = JSON.parse(frames.at(-1)?.text ?? '')
    t.equal(notification.data, data, 'frames of every length arrive whole')
  }
  t.strictSame(
    frames.map(({ text, isBinary }) => [/^\{"type":"([a-z]+)"[,}]/.exec(text)?.[1], isBinary]),
    ['ready', 'gap', 'subscribed', 'unsubscribed', 'pong', 'error', ...Array(4).fill('notification')].map(
      (type) => [type, false],
    ),
  )
  t.match(frames[0]?.text, /\} {2048}$/, 'ready has the size of a notification')
})

t.test('P-61 subscribe, unsubscribe and ping are answered, with their request', async (t) => {
  const service = await startApp(t)
  const { inbox, say } = await join(t, service, ['a'])
  const cases: [message: object, answer: object][] = [
    [{ type: 'ping' }, { type: 'pong' }],
    [
      { type: 'ping', request: 'x'.repeat(128) },
      { type: 'pong', request: 'x'.repeat(128) },
    ],
    [
      { type: 'subscribe', channels: ['b', 'c:*'], request: '1' },
      { type: 'subscribed', channels: ['a', 'b', 'c:*'], request: '1' },
    ],
    [
      { type: 'subscribe', channels: ['b', 'b'] },
      { type: 'subscribed', channels: ['a', 'b', 'c:*'] },
    ],
    [
      { type: 'unsubscribe', channels: ['a', 'never:had'], request: '"' },
      { type: 'unsubscribed', channels: ['b', 'c:*'], request: '"' },
    ],
    [
      { type: 'unsubscribe', channels: ['b', 'c:*'] },
      { type: 'unsubscribed', channels: [] },
    ],
  ]
  for (const [message, expected] of cases) {
    say(message)
    const { cursor, ...answer } = (await inbox.next()) as { type: string; cursor?: string }
    t.strictSame(answer, expected)
    t.equal(cursor === undefined, answer.type === 'pong')
  }
})

t.test('P-62 added channels count from the cursor of the answer, dropped ones end with it', async (t) => {
  const service = await startApp(t)
  const { inbox, say } = await join(t, service, ['a'])
  await publishNumbers(service, 'b:1', 1, 2)
  const [last] = await publishNumbers(service, 'a', 3, 3)
  t.match(await inbox.notifications(1), [{ data: 3 }])

  say({ type: 'subscribe', channels: ['b:*', 'b:1'] })
  t.equal((await inbox.expect('subscribed')).cursor, last, 'now')
  await publishNumbers(service, 'b:1', 4, 4)
  await publishNumbers(service, 'b:2', 5, 5)
  await publishNumbers(service, 'a', 6, 6)
  t.match(await inbox.notifications(3), [{ data: 4 }, { data: 5 }, { data: 6 }], 'each of them once')

  say({ type: 'unsubscribe', channels: ['b:*', 'a'] })
  t.match(await inbox.expect('unsubscribed'), { channels: ['b:1'] })
  await publishNumbers(service, 'a', 7, 7)
  await publishNumbers(service, 'b:2', 8, 8)
  await publishNumbers(service, 'b:1', 9, 9)
  t.match(await inbox.notifications(1), [{ data: 9 }])
  t.equal(inbox.size, 0)
})

t.test('P-62 the cursor of the answer resumes with the channels as they are', async (t) => {
  const service = await startApp(t)
  const before = await join(t, service, ['a'])
  await publishNumbers(service, 'a', 1, 1)
  await before.inbox.notifications(1)
  before.say({ type: 'subscribe', channels: ['b'] })
  const { cursor, channels } = await before.inbox.expect('subscribed')
  before.ws.terminate()
  await publishNumbers(service, 'b', 2, 2)
  const after = await openFor(t, webSocketClient, service, { channel: channels, cursor })
  await after.inbox.expect('ready')
  t.match(await after.inbox.notifications(1), [{ data: 2 }])
})

/** None of them is a message. */
const BAD_FRAMES: readonly [text: string, code: string][] = [
  ['', 'bad-message'],
  ['{', 'bad-message'],
  ['null', 'bad-message'],
  ['[]', 'bad-message'],
  ['"ping"', 'bad-message'],
  ['{}', 'bad-message'],
  ['{"type":"notification"}', 'bad-message'],
  ['{"type":["ping"]}', 'bad-message'],
  ['{"type":"ping","more":1}', 'bad-message'],
  ['{"type":"ping","request":1}', 'bad-message'],
  ['{"type":"ping","request":""}', 'bad-message'],
  [JSON.stringify({ type: 'ping', request: 'x'.repeat(129) }), 'bad-message'],
  ['{"type":"ping","__proto__":{"request":"1"}}', 'bad-message'],
  ['{"type":"subscribe"}', 'bad-message'],
  ['{"type":"subscribe","channels":"a"}', 'bad-message'],
  ['{"type":"subscribe","channels":[]}', 'bad-message'],
  ['{"type":"subscribe","channels":[1]}', 'bad-message'],
  [JSON.stringify({ type: 'subscribe', channels: Array(101).fill('a') }), 'bad-message'],
  ['{"type":"subscribe","channels":["a","b::c"]}', 'bad-channel'],
  ['{"type":"unsubscribe","channels":["\\u0000"]}', 'bad-channel'],
  ['{"type":"subscribe","channels":["\\ud800"]}', 'bad-channel'],
  [`{"type":${'['.repeat(20_000)}`, 'bad-message'],
  [`{"type":"ping","request":${'['.repeat(9000)}${']'.repeat(9000)}}`, 'bad-message'],
]

t.test('P-63 a frame that is no valid message gets an error, and the connection lives', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { heartbeatSeconds: 3600 } })
  const { inbox, say } = await join(t, service, ['a'])
  for (const [text, code] of BAD_FRAMES) {
    say(text)
    t.match(await inbox.next(), { type: 'error', code, message: /./ }, text.slice(0, 60))
    say({ type: 'subscribe', channels: ['a'] })
    t.match(await inbox.expect('subscribed'), { channels: ['a'] }, 'its channels are as they were')
    clock.pass(60_000)
  }
  say('{"type":"subscribe","channels":["b::c"],"request":"7"}')
  t.match(await inbox.next(), { type: 'error', code: 'bad-channel', request: '7' })
})

t.test('P-63 a channel too many is an error, the set stays, and it is no bad message', async (t) => {
  const service = await startApp(t, { settings: { maxChannels: 2 } })
  const { inbox, say } = await join(t, service, ['a'])
  for (let n = 0; n < 12; n++) {
    say({ type: 'subscribe', channels: ['b', 'c'], request: '1' })
    t.match(await inbox.next(), { type: 'error', code: 'too-many-channels', request: '1' })
  }
  say({ type: 'subscribe', channels: ['b'] })
  t.match(await inbox.expect('subscribed'), { channels: ['a', 'b'] })
})

t.test('P-63 the tenth bad message in a minute closes the connection', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { heartbeatSeconds: 3600 } })
  const { inbox, say } = await join(t, service, ['a'])
  const nine = async () => {
    for (let n = 0; n < 9; n++) {
      say('nonsense')
      await inbox.expect('error')
    }
  }
  await nine()
  clock.pass(60_000)
  await nine()
  say({ type: 'ping' })
  await inbox.expect('pong')
  say('nonsense')
  await inbox.expect('error')
  t.equal(await inbox.ended, 4400)
})

t.test('P-64 a message that is too large gets an error and 4413, and one far too large 1009', async (t) => {
  const service = await startApp(t, { settings: { maxFrameBytes: 128 } })
  const request = (length: number) => ({ type: 'ping', request: 'x'.repeat(length - 28) })
  const fits = await join(t, service, ['a'])
  fits.say(request(128))
  t.equal((await fits.inbox.expect('pong')).request?.length, 100)
  fits.say(request(129))
  t.match(await fits.inbox.expect('error'), { code: 'frame-too-large' })
  t.equal(await fits.inbox.ended, 4413)

  const far = await join(t, service, ['a'])
  far.say(request(1024 * 1024))
  t.equal(await far.inbox.ended, 1009)
})

t.test('P-65 who answers pings stays, who leaves two unanswered is closed with 4408', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { heartbeatSeconds: 15 } })
  const alive = await join(t, service, ['a'])
  const dead = await join(t, service, ['a'], { answersPings: false })
  for (let n = 0; n < 4; n++) {
    clock.pass(15_000)
    await alive.inbox.expect('heartbeat')
    if (n < 2) await dead.inbox.expect('heartbeat')
    else t.equal(await dead.inbox.ended, 4408)
    // Its pong went before this, so it has been counted when this is answered.
    alive.say({ type: 'ping' })
    await alive.inbox.expect('pong')
  }
})
