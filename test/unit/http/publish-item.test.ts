import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { itemReader, itemSchema, readPlain } from '../../../src/http/publish-item.ts'

const RETENTION = 100

/** JSON values that are good for some member, and values that are just not. */
const anything = fc.oneof(
  fc.constantFrom('user:42', 'a', 'a:b:c:d:e:f:g:h', 'a:b:c:d:e:f:g:h:i', 'a'.repeat(64), 'a'.repeat(65)),
  fc.constantFrom('', 'a b', 'a:', ':a', '*', '$own', 'ä', 'a\n', '~', ' ', 'x'.repeat(128), 'x'.repeat(129)),
  fc.constantFrom(0, 1, -1, 1.5, RETENTION, RETENTION + 1, 2 ** 53, Number.MAX_VALUE, null, true, false),
  fc.constantFrom([], ['a'], ['a', 'b'], ['a', 'a'], {}, { a: 1 }),
)

/** Items with the right and with wrong members, in any order, and what is no item at all. */
const item = fc.oneof(
  fc
    .shuffledSubarray(['channel', 'channels', 'data', 'type', 'id', 'ttl', 'more', 'toString'])
    .chain((names) =>
      fc.record(Object.fromEntries(names.map((name) => [name, anything])), { noNullPrototype: true }),
    ),
  fc.record(
    {
      channel: fc.constantFrom('user:42', 'a'),
      data: anything,
      type: fc.constantFrom('x', 'order.shipped', ''),
      id: fc.constantFrom('7', 'a b', 'ä'),
      ttl: fc.constantFrom(1, RETENTION, 1.5),
      channels: anything,
    },
    { requiredKeys: ['channel', 'data'], noNullPrototype: true },
  ),
  anything,
)

t.test(
  'an item read by hand is what the schema makes of it, and none is that the schema refuses',
  async (t) => {
    const schema = itemSchema(RETENTION)
    let read = 0
    fc.assert(
      fc.property(item, (value) => {
        const plain = readPlain(value, RETENTION)
        const judged = schema.safeParse(value)
        const isPlain = judged.success && Object.hasOwn(value as object, 'channel')
        deepStrictEqual(plain, isPlain ? judged.data : undefined)
        if (isPlain) read++
      }),
      { numRuns: 5000 },
    )
    t.ok(read > 100, `${read} were read by hand`)
  },
)

t.test('an item that the schema must judge is read, or refused with all that is wrong', async (t) => {
  const readItem = itemReader(RETENTION)
  const errors: { pointer: string; detail: string }[] = []
  t.strictSame(readItem({ channels: ['a', 'b'], data: 1 }, '', errors), { channels: ['a', 'b'], data: 1 })
  t.strictSame(errors, [])
  t.equal(readItem({ channel: 'a b', data: 1, ttl: 0, id: '' }, '/3', errors), undefined)
  t.strictSame(errors.map(({ pointer }) => pointer).sort(), ['/3/channel', '/3/id', '/3/ttl'])
})
