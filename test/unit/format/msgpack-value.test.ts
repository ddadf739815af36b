import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import t from 'tap'
import { Malformed } from '../../../src/format/malformed.ts'
import { MAX_DEPTH } from '../../../src/format/members.ts'
import { unpack } from '../../../src/format/msgpack-value.ts'

const SEED = 8
const packr = new Packr({ useRecords: false })
const value = fc.jsonValue({ noUnicodeString: false, maxDepth: 6 }).filter((one) => {
  return !/__proto__|constructor/.test(JSON.stringify(one))
})

function refusal(bytes: readonly number[] | Buffer): string {
  try {
    unpack(Buffer.from(bytes))
  } catch (error) {
    if (error instanceof Malformed) return error.message
    throw error
  }
  return 'none'
}

t.test('reads every value of JSON as it was', async () => {
  fc.assert(
    fc.property(value, (one) => deepStrictEqual(unpack(packr.pack(one)), JSON.parse(JSON.stringify(one)))),
    { seed: SEED, numRuns: 1000 },
  )
})

t.test('refuses every value that is cut short, at every byte, or goes on', async (t) => {
  for (const one of fc.sample(value, { seed: SEED, numRuns: 300 })) {
    const bytes = packr.pack(one)
    const refusals = Array.from(bytes, (_, end) => refusal(bytes.subarray(0, end)))
    t.strictSame([...new Set(refusals)], ['is cut short'])
    t.equal(refusal(Buffer.concat([bytes, bytes])), 'goes on after its end')
  }
})

t.test('of bytes that are anything, reads what is in JSON or says what is wrong', async (t) => {
  const mutated = fc
    .record({ one: value, at: fc.nat(), put: fc.uint8Array({ minLength: 1, maxLength: 8 }) })
    .map(({ one, at, put }) => {
      const bytes = packr.pack(one)
      bytes.set(
        put.subarray(0, bytes.length),
        Math.min(at % bytes.length, Math.max(0, bytes.length - put.length)),
      )
      return bytes
    })
  for (const bytes of [
    ...fc.sample(fc.uint8Array({ maxLength: 40 }), { seed: SEED, numRuns: 10_000 }),
    ...fc.sample(mutated, { seed: SEED, numRuns: 10_000 }),
  ]) {
    if (refusal(Buffer.from(bytes)) !== 'none') continue
    const read = unpack(Buffer.from(bytes))
    t.strictSame(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(unpack(packr.pack(read)))))
  }
})

t.test('refuses what JSON does not have', async (t) => {
  const text = (string: string) => [...packr.pack(string)]
  const cases: [bytes: number[], why: RegExp][] = [
    [[], /cut short/],
    [[0xc1], /not in JSON/],
    [[0xc4, 1, 0], /not in JSON/],
    [[0xd4, 0x72, 0x40], /not in JSON/],
    [[0xd6, 0xff, 0, 0, 0, 0], /not in JSON/],
    [[0xc7, 0, 0], /not in JSON/],
    [[0xca, 0x7f, 0xc0, 0, 0], /no double/],
    [[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], /no double/],
    [[0x81, 1, 1], /key that is no string/],
    [[0x81, 0xc0, 1], /key that is no string/],
    [[0x81, 0x90, 1], /key that is no string/],
    [[0x82, ...text('a'), 1, ...text('a'), 2], /repeats a member name/],
    [[0x81, ...text('__proto__'), 0x80], /__proto__/],
    [[0x81, ...text('constructor'), 0x81, ...text('prototype'), 0x80], /poison/],
    [[0xa1, 0xff], /not UTF-8/],
    [[0xa3, 0xed, 0xa0, 0x80], /not UTF-8/],
    [[0x81, 0xa1, 0xff, 1], /not UTF-8/],
    [[0xdd, 0xff, 0xff, 0xff, 0xff], /cut short/],
    [[0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61], /cut short/],
    [[0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], /cut short/],
    [[...Array(MAX_DEPTH + 1).fill(0x91), 0xc0], /levels/],
    [[...Array(1_000_000).fill(0x91), 0xc0], /levels/],
    [Array(1_000_000).fill(0x81), /no string/],
  ]
  for (const [bytes, why] of cases) t.match(refusal(bytes), why, `${bytes.slice(0, 12)}`)
  t.ok(unpack(Buffer.from([...Array(MAX_DEPTH).fill(0x91), 0xc0])))
})

t.test('a length alone makes nothing', async (t) => {
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 1_000; i++) refusal([0xdd, 0x00, 0xff, 0xff, 0xff, 0xc0])
  t.ok(process.memoryUsage().heapUsed - before < 32 * 1024 * 1024)
})

t.test('arrays and maps, which are large for the byte that they come in, may be a million', async (t) => {
  const list = (length: number) => {
    const bytes = Buffer.alloc(5 + length, 0x80)
    bytes[0] = 0xdd
    bytes.writeUInt32BE(length, 1)
    return bytes
  }
  t.equal(refusal(list(999_999)), 'none')
  t.equal(refusal(list(1_000_000)), 'has more than 1000000 arrays and maps')
})

t.test('whole numbers beyond a double are rounded, as in JSON', async (t) => {
  t.equal(unpack(Buffer.from([0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])), 2 ** 64)
  t.equal(unpack(Buffer.from([0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0])), -(2 ** 63))
})
