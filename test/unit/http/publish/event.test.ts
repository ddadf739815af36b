import { deepStrictEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Problem } from '../../../../src/http/problem.ts'
import { readEvent } from '../../../../src/http/publish/event.ts'
import { decodeBinaryEvent } from '../../../../src/http/publish/event-modes.ts'
import { itemReader } from '../../../../src/http/publish/item.ts'
import type { ProblemDetail } from '../../../../src/protocol/problem.ts'

const readItem = itemReader(3600, Date.now)

/** Mostly what is good for an attribute. */
const mostly = (...good: unknown[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.jsonValue() })

const events = fc.record(
  {
    specversion: mostly('1.0'),
    id: mostly('1', 'é', 'x'.repeat(200)),
    source: mostly('/shop', 'urn:a:b', 'https://shop.example/?a=[1]#b'),
    type: mostly('order.shipped', 'x'.repeat(128)),
    subject: mostly('user:42', 'any text'),
    channel: mostly('news'),
    time: mostly('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123456+14:00'),
    datacontenttype: mostly('text/plain; charset=utf-8', 'application/json'),
    data: fc.jsonValue(),
    data_base64: mostly('AA=='),
    extension: mostly(true, -1, 2 ** 31 - 1, ''),
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type'], noNullPrototype: true },
)

t.test('whatever comes, an event is refused or becomes a good notification, with all of it', async () => {
  let taken = 0
  const property = fc.property(fc.oneof({ weight: 9, arbitrary: events }, fc.jsonValue()), (value) => {
    const errors: ProblemDetail[] = []
    const item = readEvent(value, '', errors)
    ok((item === undefined) === errors.length > 0)
    if (!item) return
    taken++
    deepStrictEqual(item.data, value)
    const { channels, ...rest } = item
    ok(readItem({ channel: channels[0], ...rest }, '', errors), JSON.stringify(errors))
  })
  fc.assert(property, { numRuns: 3000 })
  ok(taken > 100, 'many are good')
})

t.test('whatever the headers and the body of binary mode are, nothing but a problem is thrown', async () => {
  const header = fc.tuple(
    fc.oneof(fc.constantFrom('ce-id', 'ce-data', 'Content-Type', 'CE-__proto__', 'ce-'), fc.string()),
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('%', '%E2%82', '"a\\', '""', 'application/json')),
  )
  const body = fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from))
  const property = fc.property(fc.array(header), body, (headers, bytes) => {
    try {
      const { values, batch } = decodeBinaryEvent(Buffer.from(bytes), headers.flat())
      ok(values.length === 1 && !batch)
      deepStrictEqual(Object.getPrototypeOf(values[0]), Object.prototype)
    } catch (error) {
      ok(error instanceof Problem, `${error}`)
    }
  })
  fc.assert(property, { numRuns: 3000 })
})
