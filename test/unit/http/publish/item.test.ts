import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { itemReader, itemSchema, readPlain } from '../../../../src/http/publish/item.ts'

const RETENTION = 100

/** JSON values that are good for some member, and values that are just not. */
const anything = fc.constantFrom<unknown[]>(
  ...['user:42', 'a:b:c:d:e:f:g:h', 'a:b:c:d:e:f:g:h:i', 'a'.repeat(64), 'a'.repeat(65), 'x'.repeat(129)],
  ...[
    '',
    'a b',
    'a:',
    ':a',
    '*',
    '$own',
    'ä',
    'a\n',
    '~',
    ' ',
    null,
    true,
    [],
    ['a'],
    ['a', 'a'],
    {},
    { a: 1 },
  ],
  ...[0, 1, -1, 1.5, RETENTION, RETENTION + 1, 2 ** 53],
)

/** Mostly what is good. */
const mostly = (...good: unknown[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: anything })

const members = {
  channel: mostly('user:42', 'a'.repeat(64)),
  data: anything,
  type: mostly('order.shipped', 'x'.repeat(128)),
  id: mostly('7', 'a b', 'x'.repeat(128)),
  ttl: mostly(1, RETENTION, RETENTION + 1),
}
const others = { channels: mostly(['a', 'b']), more: anything }

/** Items with all their members, some that lack one or have one too many, and what is no item at all. */
const item = fc.oneof(
  fc.record(members, { requiredKeys: ['channel', 'data'], noNullPrototype: true }),
  fc.record({ ...members, ...others }, { requiredKeys: [], noNullPrototype: true }),
  anything,
)

t.test(
  'an item read by hand is what the schema makes of it, and none is that the schema refuses',
  async (t) => {
    const schema = itemSchema(RETENTION, Date.now)
    let read = 0
    fc.assert(
      fc.property(item, (value) => {
        const plain = readPlain(value, RETENTION)
        const judged = schema.safeParse(value)
        const isPlain = judged.success && Object.hasOwn(value as object, 'channel')
        deepStrictEqual(plain, isPlain ? judged.data : undefined)
        if (isPlain) read++
      }),
      { numRuns: 3000 },
    )
    t.ok(read > 100, `${read} were read by hand`)
  },
)

t.test('an item that the schema must judge is read, or refused with all that is wrong', async (t) => {
  const readItem = itemReader(RETENTION, () => 1000)
  const errors: { pointer: string; detail: string }[] = []
  t.strictSame(readItem({ channels: ['a', 'b'], data: 1 }, '', errors), { channels: ['a', 'b'], data: 1 })
  t.strictSame(readItem({ channel: 'a', data: 1, delay: 60 }, '', errors), {
    channels: ['a'],
    data: 1,
    due: 61_000,
  })
  t.strictSame(errors, [])
  t.equal(readItem({ channel: 'a b', data: 1, ttl: 0, id: '' }, '/3', errors), undefined)
  t.strictSame(errors.map(({ pointer }) => pointer).sort(), ['/3/channel', '/3/id', '/3/ttl'])
})
