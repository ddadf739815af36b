import { fromJson, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import t from 'tap'
import { Malformed } from '../../../src/format/malformed.ts'
import { parse } from '../../../src/format/protobuf-value.ts'
import { ClientMessageSchema, PublishSchema } from '../../../src/format/tidings_pb.ts'

const SEED = 8

const PUBLISH = toBinary(
  PublishSchema,
  fromJson(PublishSchema, {
    items: [
      { channel: 'user:42', data: 'MQ==', type: 'order.shipped', id: 'ord-7', ttl: 86400 },
      { channels: ['a', 'b'], data: 'bnVsbA==' },
    ],
  }),
)
const SUBSCRIBE = toBinary(
  ClientMessageSchema,
  fromJson(ClientMessageSchema, { subscribe: { channels: ['a:*', 'b'], request: '1' } }),
)

function refusal(schema: Parameters<typeof parse>[0], bytes: Uint8Array | readonly number[]): string {
  try {
    parse(schema, Uint8Array.from(bytes))
  } catch (error) {
    if (error instanceof Malformed) return error.message
    throw error
  }
  return 'none'
}

t.test('a message that is cut short is refused, at every byte but those where a field ends', async (t) => {
  const read = (bytes: Uint8Array) => refusal(PublishSchema, bytes)
  const ends: number[] = []
  for (let end = 0; end <= PUBLISH.length; end++) {
    if (read(PUBLISH.subarray(0, end)) === 'none') ends.push(end)
  }
  t.equal(ends.length, 3, 'with none of the items, with one, and with both')
  for (let end = 1; end < SUBSCRIBE.length; end++) {
    t.match(refusal(ClientMessageSchema, SUBSCRIBE.subarray(0, end)), /can not be parsed/)
  }
})

t.test('each field on the wire has its own type, whatever it is sent as', async (t) => {
  /** by wire type: a varint, 8 bytes, a text, a group, 4 bytes */
  const bodies = [[1], Array(8).fill(0), [1, 0x61], [0x0c], [], Array(4).fill(0)]
  const item = [
    [1, 2],
    [2, 2],
    [3, 2],
    [4, 2],
    [5, 2],
    [6, 0],
  ] as const
  for (const [number, right] of item) {
    for (const [wireType, body] of bodies.entries()) {
      const field = [(number << 3) | wireType, ...body]
      const why = refusal(PublishSchema, [0x0a, field.length, ...field])
      t.match(why, wireType === right ? 'none' : /of another type on the wire/, `${number} as ${wireType}`)
    }
  }
})

t.test('refuses what the schema does not have, and what is too much', async (t) => {
  const cases: [bytes: number[], why: RegExp][] = [
    [[0x10, 1], /a field 2 in Publish/],
    [[0x0a, 2, 0x48, 1], /a field 9 in Item/],
    [[0x00], /can not be parsed/],
    [[0x07], /can not be parsed/],
    [[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], /can not be parsed/],
    [[0x0a, ...Array(11).fill(0xff)], /can not be parsed/],
    [[0x0a, 3, 0x0a, 1, 0xff], /can not be parsed/],
    [Array(1_000_000).fill(0x0b), /of another type/],
    [Array(1_000_000).fill(0x13), /a field 2/],
    [
      Array.from({ length: 20_002 }, (_, i) => (i % 2 ? 0 : 0x0a)),
      /more than 10000 elements in Publish.items/,
    ],
  ]
  for (const [bytes, why] of cases) t.match(refusal(PublishSchema, bytes), why, `${bytes.slice(0, 12)}`)
})

t.test(
  'refuses a second of what there is one of, which a parser would take in place of the first',
  async (t) => {
    const [a, b] = [
      [0x0a, 1, 0x61],
      [0x0a, 1, 0x62],
    ]
    const item = [...a, 0x1a, 1, 0x31]
    t.equal(refusal(PublishSchema, [0x0a, item.length, ...item]), 'none')
    const twice = [...item, ...b]
    t.match(refusal(PublishSchema, [0x0a, twice.length, ...twice]), /repeats Item.channel/)
    const [subscribe, ping] = [
      [0x0a, a.length, ...a],
      [0x22, 0],
    ]
    t.equal(refusal(ClientMessageSchema, subscribe), 'none')
    t.match(refusal(ClientMessageSchema, [...subscribe, ...ping]), /repeats ClientMessage.message/)
    t.match(refusal(ClientMessageSchema, [...subscribe, ...subscribe]), /repeats ClientMessage.message/)
  },
)

t.test('a number that its type can not hold is refused, and not cut down', async (t) => {
  const ttl = (...varint: number[]) => refusal(PublishSchema, [0x0a, 1 + varint.length, 0x30, ...varint])
  t.equal(ttl(0xff, 0xff, 0xff, 0xff, 0x0f), 'none')
  for (const varint of [
    [0x81, 0x80, 0x80, 0x80, 0x10],
    [...Array(9).fill(0xff), 1],
  ]) {
    t.match(ttl(...varint), /more than 32 bits in Item.ttl/)
  }
})

t.test('of bytes that are anything, reads a message or says what is wrong', async (t) => {
  const mutated = fc
    .record({
      whole: fc.constantFrom(PUBLISH, SUBSCRIBE),
      at: fc.nat(),
      put: fc.uint8Array({ minLength: 1, maxLength: 4 }),
    })
    .map(({ whole, at, put }) => {
      const place = at % whole.length
      return Uint8Array.from([...whole.subarray(0, place), ...put, ...whole.subarray(place + 1)])
    })
  let refused = 0
  for (const bytes of [
    ...fc.sample(fc.uint8Array({ maxLength: 40 }), { seed: SEED, numRuns: 10_000 }),
    ...fc.sample(mutated, { seed: SEED, numRuns: 10_000 }),
  ]) {
    for (const schema of [PublishSchema, ClientMessageSchema])
      if (refusal(schema, bytes) !== 'none') refused++
  }
  t.ok(refused > 10_000)
})
