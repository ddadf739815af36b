import t from 'tap'
import { type Entry, ScheduleIndex } from '../../../../src/log/nats/schedule-index.ts'

function entry(sequence: number, state: Entry['state'], time: number): Entry {
  return { subject: `s${sequence}`, sequence, state, time, bytes: state === 'scheduled' ? 100 : 0 }
}

const sequences = (entries: readonly Entry[]) => entries.map(({ sequence }) => sequence)

t.test('what is due does not wait for what is to be forgotten, however much that is', async (t) => {
  const index = new ScheduleIndex()
  for (let n = 1; n <= 10; n++) index.put(entry(n, n % 2 ? 'published' : 'cancelled', n))
  index.put(entry(11, 'scheduled', 50))
  index.put(entry(12, 'claimed', 40))
  index.put(entry(13, 'scheduled', 60))
  t.strictSame(sequences(index.due(50, 2, 1000)), [12, 11])
  t.strictSame(sequences(index.past(50, 3)), [1, 2, 3])
  t.equal(index.pending, 3)
  t.equal(index.next(), 1)
  for (let n = 1; n <= 10; n++) index.forget(`s${n}`, n)
  t.equal(index.next(), 40)
  index.clear()
  t.equal(index.next(), undefined)
  t.strictSame([index.pending, index.bytes], [0, 0])
})

t.test('as many bytes come at once as may, or one that has more', async (t) => {
  const index = new ScheduleIndex()
  for (let n = 1; n <= 3; n++) index.put(entry(n, 'scheduled', n))
  t.strictSame(sequences(index.due(9, 9, 150)), [1, 2])
  t.strictSame(sequences(index.due(9, 9, 1)), [1])
})
