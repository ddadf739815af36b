import t from 'tap'
import { startApp } from '../support/app.ts'
import { get, publishNumbers } from '../support/clients/requests.ts'
import { openWebSocket } from '../support/clients/websocket.ts'
import { closePayload, frame, OPCODE, openRawWebSocket } from '../support/raw-websocket.ts'
import { until } from '../support/until.ts'

const { continuation, text, binary, close, ping, pong } = OPCODE
const PING = '{"type":"ping"}'
const NOT_UTF8 = Buffer.from([0x22, 0xc3, 0x28, 0x22])
const OVERLONG = Buffer.from([0xc0, 0xaf])
const SURROGATE = Buffer.from([0xed, 0xa0, 0x80])
const MAX_FRAME_BYTES = 1024

const BROKEN: readonly [what: string, bytes: Buffer | readonly Buffer[], code: number][] = [
  ['a frame that is not masked', frame(text, PING, { isMasked: false }), 1002],
  ...[1, 2, 3, 4, 7].map((reserved): [string, Buffer, number] => [
    `reserved bits ${reserved}`,
    frame(text, PING, { reserved }),
    1002,
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer, number] => [
    `opcode ${opcode}`,
    frame(opcode, PING),
    1002,
  ]),
  ['reserved bit 1 on a control frame', frame(ping, '', { reserved: 4 }), 1002],
  ['a continuation of nothing', frame(continuation, PING), 1002],
  ['a new message within another', [frame(text, '{', { isFinal: false }), frame(text, PING)], 1002],
  ['a ping in fragments', frame(ping, 'x', { isFinal: false }), 1002],
  ['a pong in fragments', frame(pong, 'x', { isFinal: false }), 1002],
  ['a close in fragments', frame(close, closePayload(1000), { isFinal: false }), 1002],
  ['a ping that is too long', frame(ping, 'x'.repeat(126)), 1002],
  ['a close that is too long', frame(close, closePayload(1000, 'x'.repeat(124))), 1002],
  ['text that is not UTF-8', frame(text, NOT_UTF8), 1007],
  ['text with an overlong form', frame(text, OVERLONG), 1007],
  ['text with a surrogate', frame(text, SURROGATE), 1007],
  [
    'text that is not UTF-8 in fragments',
    [frame(text, NOT_UTF8.subarray(0, 2), { isFinal: false }), frame(continuation, NOT_UTF8.subarray(2))],
    1007,
  ],
  ['a close of one byte', frame(close, Buffer.from([3])), 1002],
  ...[0, 999, 1004, 1005, 1006, 1016, 2999, 5000, 65_535].map((code): [string, Buffer, number] => [
    `close code ${code}`,
    frame(close, closePayload(code)),
    1002,
  ]),
  ['a close reason that is not UTF-8', frame(close, closePayload(1000, NOT_UTF8)), 1007],
  ['a length of 1 GiB', frame(text, 'x', { length: 2n ** 30n }), 1009],
  ['a length of 2^53', frame(text, 'x', { length: 2n ** 53n }), 1009],
  ['a length of 2^64 - 1', frame(text, 'x', { length: 2n ** 64n - 1n }), 1009],
  [
    'a message without end',
    [
      frame(text, 'x', { isFinal: false }),
      ...Array.from({ length: 67 }, () => frame(continuation, 'x'.repeat(1000), { isFinal: false })),
    ],
    1009,
  ],
]

t.test('P-64 a frame that breaks RFC 6455 is closed as that says, and nobody else notices', async (t) => {
  const service = await startApp(t, { settings: { maxFrameBytes: MAX_FRAME_BYTES } })
  const good = await openWebSocket(service, { channel: 'a' })
  t.teardown(() => good.close())
  await good.inbox.expect('ready')
  for (const [n, [what, bytes, code]] of BROKEN.entries()) {
    const raw = await openRawWebSocket(t, service.port, '/v1/stream?channel=b')
    await raw.message()
    raw.socket.write(Buffer.concat([bytes].flat()))
    t.equal(await raw.close(), code, what)
    raw.socket.end()
    t.equal((await raw.rest()).length, 0, 'nothing follows, and the connection is closed')
    await publishNumbers(service, 'a', n, n)
    t.match(await good.inbox.notifications(1), [{ data: n }])
  }
})

t.test('P-61 what RFC 6455 lets pass is understood', async (t) => {
  const service = await startApp(t)
  const raw = await openRawWebSocket(t, service.port, '/v1/stream?channel=b')
  await raw.message()

  raw.socket.write(frame(text, PING))
  t.strictSame(await raw.message(), { type: 'pong' })

  raw.socket.write(frame(text, PING.slice(0, 5), { isFinal: false }))
  raw.socket.write(frame(ping, 'between fragments'))
  raw.socket.write(frame(continuation, '', { isFinal: false }))
  raw.socket.write(frame(continuation, PING.slice(5)))
  t.strictSame(await raw.next(), { opcode: pong, payload: Buffer.from('between fragments') })
  t.strictSame(await raw.message(), { type: 'pong' }, 'fragments are put together')

  raw.socket.write(frame(ping, 'x'.repeat(125)))
  t.equal((await raw.next()).payload.length, 125, 'the longest ping')
  raw.socket.write(frame(pong, 'nobody asked'))

  const request = 'é😀'
  for (const byte of frame(text, JSON.stringify({ type: 'ping', request }))) {
    raw.socket.write(Buffer.from([byte]))
  }
  t.strictSame(await raw.message(), { type: 'pong', request }, 'byte by byte')

  raw.socket.write(Buffer.concat(Array.from({ length: 100 }, () => frame(text, PING))))
  for (let n = 0; n < 100; n++) t.strictSame(await raw.message(), { type: 'pong' })
})

t.test('P-64 a close is answered with the same code', async (t) => {
  const service = await startApp(t)
  for (const code of [1000, 1001, 1011, 3000, 4999]) {
    const raw = await openRawWebSocket(t, service.port, '/v1/stream?channel=b')
    await raw.message()
    raw.socket.write(frame(close, closePayload(code, 'enough')))
    t.equal(await raw.close(), code)
    await raw.rest()
  }
  const raw = await openRawWebSocket(t, service.port, '/v1/stream?channel=b')
  await raw.message()
  raw.socket.write(frame(close))
  t.equal(await raw.close(), undefined)
  await raw.rest()
})

t.test('P-63 a binary frame gets an error, and the connection lives', async (t) => {
  const service = await startApp(t)
  const raw = await openRawWebSocket(t, service.port, '/v1/stream?channel=b')
  await raw.message()
  for (const payload of ['', PING, NOT_UTF8]) {
    raw.socket.write(frame(binary, payload))
    t.match(await raw.message(), { type: 'error', code: 'bad-message' })
  }
  raw.socket.write(frame(text, PING))
  t.strictSame(await raw.message(), { type: 'pong' })
})

t.test('P-64 a client that goes in the middle of a frame leaves its place to another', async (t) => {
  const service = await startApp(t, { settings: { maxConnections: 1 } })
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    for (const part of [1, 3, 7]) {
      const raw = await openRawWebSocket(t, service.port, '/v1/stream?channel=b')
      await raw.message()
      raw.socket.write(frame(text, PING).subarray(0, part))
      raw.socket[leave]()
      await raw.rest()
      await until(
        'its place is free',
        async () => (await get(service, '/v1/stream?channel=a')).status === 200,
      )
    }
  }
})
