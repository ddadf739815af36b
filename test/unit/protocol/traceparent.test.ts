import t from 'tap'
import { formatTraceparent, parseTraceparent } from '../../../src/protocol/traceparent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

t.test('a valid one comes back as it was', async (t) => {
  for (const flags of ['00', '01', '03', 'ff']) {
    const text = `00-${TRACE}-${SPAN}-${flags}`
    const parsed = parseTraceparent(text)
    t.strictSame(parsed, { traceId: TRACE, spanId: SPAN, traceFlags: Number.parseInt(flags, 16) })
    t.equal(parsed && formatTraceparent(parsed), text)
  }
})

t.test('of a later version the fields of this one are read, and what follows is let be', async (t) => {
  for (const text of [`cc-${TRACE}-${SPAN}-01`, `01-${TRACE}-${SPAN}-01-what-the-future-holds`]) {
    t.match(parseTraceparent(text), { traceId: TRACE, spanId: SPAN, traceFlags: 1 }, text)
  }
  t.equal(parseTraceparent(`01-${TRACE}-${SPAN}-01more`), undefined)
})

t.test('what is not valid is as good as none', async (t) => {
  const invalid = [
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-0g`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ]
  for (const text of invalid) t.equal(parseTraceparent(text), undefined, text)
})
