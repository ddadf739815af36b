import fc from 'fast-check'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { msgpackFormat, protobufFormat } from '../support/clients/formats.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const FRAMES = 3_000
/** Less than the bad messages that close a socket: each of them is looked at. */
const FRAMES_A_SOCKET = 8

const token = await mintToken({ tidings: { subscribe: ['a:**'], publish: ['a:**'] } })

/** What a client may say. */
const MESSAGES = [
  { type: 'subscribe', channels: ['a:1', 'a:*'], request: '1' },
  { type: 'unsubscribe', channels: ['a:1'] },
  { type: 'ping', request: '2' },
  { type: 'token', token, request: '3' },
]

for (const format of [msgpackFormat, protobufFormat]) {
  /** A message with something cut out of it, and something else put there. */
  const frame = fc
    .record({
      message: fc.constantFrom(...MESSAGES.map((message) => Buffer.from(format.encode(message)))),
      at: fc.nat(),
      length: fc.nat({ max: 8 }),
      piece: fc.oneof(
        fc.uint8Array({ maxLength: 12 }),
        fc.constantFrom(
          Buffer.alloc(9_000, 0x91),
          Buffer.alloc(9_000, 0x0b),
          Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
        ),
      ),
    })
    .map(({ message, at, length, piece }) => {
      const place = at % message.length
      return Buffer.concat([message.subarray(0, place), piece, message.subarray(place + length)])
    })

  t.test(`whatever comes in ${format.name} is taken or gets an error, and its stream goes on`, async (t) => {
    const seed = Number(process.env['TIDINGS_TEST_SEED'] ?? Date.now() % 2 ** 31)
    t.comment(`seed ${seed}`)
    const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
    const frames = fc.sample(frame, { seed, numRuns: FRAMES })
    const said = new Set<string>()
    while (frames.length > 0) {
      const client = await openWebSocket(service, { channel: 'a:0', token }, { format })
      await client.inbox.expect('ready')
      for (const bytes of frames.splice(0, FRAMES_A_SOCKET)) client.say(bytes)
      client.say({ type: 'ping', request: 'the last' })
      for (;;) {
        const message = await client.inbox.next()
        said.add(message.type === 'error' ? message.code : message.type)
        if (message.type === 'pong' && message.request === 'the last') break
      }
      client.ws.terminate()
    }
    t.strictSame(
      [...said].sort().filter((what) => !EXPECTED.includes(what)),
      [],
    )
    t.ok(said.has('bad-message') && said.has('subscribed'))
  })
}

/** What may be said to them. */
const EXPECTED = [
  ...['pong', 'subscribed', 'unsubscribed'],
  ...['bad-message', 'bad-channel', 'forbidden', 'token-invalid'],
]
