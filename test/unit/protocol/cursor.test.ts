import fc from 'fast-check'
import t from 'tap'
import { formatCursor, parseCursor } from '../../../src/protocol/cursor.ts'

t.test('a cursor survives the way to the client and back', async (t) => {
  const epoch = fc.stringMatching(/^[0-9a-z]{1,16}$/)
  fc.assert(
    fc.property(epoch, fc.maxSafeNat(), (epoch, position) => {
      const cursor = parseCursor(formatCursor(epoch, position))
      return cursor?.epoch === epoch && cursor.position === position
    }),
  )
  t.pass('in random runs')
})

t.test('what is not a cursor is not taken for one', async (t) => {
  for (const text of [
    '',
    '-',
    'a',
    'a-',
    '-1',
    'a-1-1',
    'A-1',
    'a-Z',
    'a-1 ',
    'a-1\n',
    'a--1',
    'a-1.5',
    'earliest',
    `${'a'.repeat(17)}-1`,
    'a-zzzzzzzzzzz',
    'a-zzzzzzzzzzzz',
    'ä-1',
  ]) {
    t.equal(parseCursor(text), undefined, JSON.stringify(text))
  }
})
