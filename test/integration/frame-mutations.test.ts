import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { CODES } from '../../src/protocol/codes.ts'
import { type RunningApp, startApp } from '../support/app.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { frame, OPCODE, openRawWebSocket } from '../support/raw-websocket.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const FRAMES = 10_000
/** Less than the bad messages that close a socket: each of them is looked at. */
const FRAMES_A_SOCKET = 8
/** So many sockets are open at a time. */
const SOCKETS = 10
/** What the heap may grow by over all frames, in bytes: everything that is kept of a frame would be more. */
const MAX_GROWTH = 16 * 1024 * 1024

const token = await mintToken({ tidings: { subscribe: ['a:**'], publish: ['a:**'] } })

/** What a client may say. */
const MESSAGES = [
  '{"type":"subscribe","channels":["a:1","a:*"],"request":"1"}',
  '{"type":"subscribe","channels":["b"]}',
  '{"type":"unsubscribe","channels":["a:1"]}',
  '{"type":"ping","request":"2"}',
  JSON.stringify({ type: 'token', token, request: '3' }),
]

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ',',
    ':',
    'null',
    '1e999',
    '\\u0000',
    '\\ud800',
    '**',
    '[['.repeat(9_000),
  ),
)
const place = fc.double({ min: 0, max: 1, noNaN: true })

/** A message with something cut out of it, and something else put there. */
const text = fc
  .record({ message: fc.constantFrom(...MESSAGES), from: place, length: fc.nat({ max: 10 }), piece })
  .map(({ message, from, length, piece }) => {
    const at = Math.floor(from * message.length)
    return message.slice(0, at) + piece + message.slice(at + length)
  })

/** In one of 40 cases something else than usual. */
function rarely<Usual, Other>(usual: Usual, other: fc.Arbitrary<Other>): fc.Arbitrary<Usual | Other> {
  return fc.oneof({ weight: 39, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other })
}

/** Mostly a whole text frame; now and then another, or one that is wrong in itself. */
const mutatedFrame = fc
  .record({
    payload: fc.oneof({ weight: 4, arbitrary: text }, fc.constantFrom(...MESSAGES)),
    opcode: rarely(OPCODE.text, fc.nat({ max: 15 })),
    isFinal: rarely(true, fc.boolean()),
    reserved: rarely(0, fc.nat({ max: 7 })),
    isMasked: rarely(true, fc.boolean()),
    length: rarely(undefined, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    flip: rarely(undefined, fc.record({ at: place, bits: fc.integer({ min: 1, max: 255 }) })),
  })
  .map(({ payload, opcode, flip, length, ...options }) => {
    const bytes = frame(opcode, payload, { ...options, ...(length !== undefined && { length }) })
    if (flip) {
      const at = Math.floor(flip.at * (bytes.length - 1))
      bytes[at] = (bytes[at] ?? 0) ^ flip.bits
    }
    return bytes
  })

/** Sends frames on a socket of their own; gives what the service says to them, and the code it closes with, if any. */
async function exchange(
  t: Parameters<typeof openRawWebSocket>[0],
  { port }: RunningApp,
  frames: readonly Buffer[],
) {
  const raw = await openRawWebSocket(t, port, `/v1/stream?channel=a:0&token=${token}`)
  raw.socket.end(Buffer.concat(frames))
  const answers: { type: string; code?: string }[] = []
  let close: number | undefined
  for (;;) {
    // Where the service drops the connection, the last frame may be missing.
    const next = await raw.next().catch(() => undefined)
    if (!next) return { answers, close }
    if (next.opcode === OPCODE.text) answers.push(JSON.parse(next.payload.toString()))
    else if (next.opcode === OPCODE.close)
      close = next.payload.length > 0 ? next.payload.readUInt16BE() : 1005
  }
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

t.test('no mutated frame makes the service fail, or keeps memory', async (t) => {
  const seed = Number(process.env['TIDINGS_TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.comment(`seed ${seed}`)
  const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
  const witness = await openWebSocket(service, { channel: 'a:w', token })
  await witness.inbox.expect('ready')
  const frames = fc.sample(mutatedFrame, { seed, numRuns: FRAMES })
  const closes = new Map<number | undefined, number>()
  const codes = new Map<string | undefined, number>()
  const count = <Key>(tally: Map<Key, number>, key: Key) => tally.set(key, (tally.get(key) ?? 0) + 1)

  async function send(): Promise<void> {
    for (
      let some = frames.splice(0, FRAMES_A_SOCKET);
      some.length > 0;
      some = frames.splice(0, FRAMES_A_SOCKET)
    ) {
      // Each socket ends with its exchange: nothing is left to tear down.
      const { answers, close } = await exchange({ teardown: () => {} }, service, some)
      count(closes, close)
      for (const { type, code } of answers) count(codes, code ?? type)
    }
  }

  let before = 0
  while (frames.length > 0) {
    const sending = frames.splice(FRAMES / 10)
    await Promise.all(Array.from({ length: SOCKETS }, send))
    // Not before a part of them: by then what is loaded and compiled once is there.
    before ||= heapUsed()
    frames.push(...sending)
  }
  const growth = heapUsed() - before
  t.comment(JSON.stringify({ closes: [...closes], codes: [...codes], growth }))
  t.ok(growth < MAX_GROWTH, `the heap has grown by ${growth} bytes`)
  t.notOk(
    closes.has(CODES.internal.close) || closes.has(1011),
    'no socket was closed for a fault of the service',
  )
  t.notOk(codes.has('internal'), 'no answer says that the service failed')
  t.ok(
    ['subscribed', 'unsubscribed', 'pong', 'bad-message', 'forbidden'].every((code) => codes.has(code)),
    'all kinds are there',
  )

  const authorization = `Bearer ${token}`
  t.equal((await publish(service, { channel: 'a:w', data: 1 }, { authorization })).status, 201)
  t.match(await witness.inbox.notifications(1), [{ data: 1 }], 'the others are served')
  t.equal((await get(service, '/readyz')).status, 200)
  await witness.close()
})
