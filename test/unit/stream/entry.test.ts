import t from 'tap'
import { Batch } from '../../../src/stream/batch.ts'
import { type Encoder, Entry } from '../../../src/stream/entry.ts'

const notification = {
  position: 36,
  channel: 'user:42',
  id: 'say "hi"\\',
  type: 'order.shipped',
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  data: '{"x":[1,2]}',
}

/** An encoder that counts. */
function counting(): Encoder & { encoded: number } {
  return {
    encoded: 0,
    encode(entry) {
      this.encoded++
      return Buffer.from(`<${entry.position}>`)
    },
  }
}

t.test('a notification is one JSON object with its members in the order of the protocol', async (t) => {
  t.equal(
    new Entry('e', notification).json,
    '{"cursor":"e-10","channel":"user:42","id":"say \\"hi\\"\\\\","type":"order.shipped","time":"2026-01-02T03:04:05.006Z","data":{"x":[1,2]}}',
  )
  const { type: _, ...untyped } = notification
  t.notMatch(new Entry('e', untyped).json, 'type')
  t.match(new Entry('e', { ...notification, traceparent: '"' }).json, 'Z","traceparent":"\\"","data"')
})

t.test('a notification is encoded once by each encoder, whoever asks', async (t) => {
  const [one, other] = [counting(), counting()]
  const entry = new Entry('e', notification)
  const batches = [
    new Batch([entry], 36),
    new Batch([entry, new Entry('e', { ...notification, position: 40 })], 40),
  ]
  for (const batch of [...batches, ...batches]) {
    t.equal(batch.bytes(one).toString(), batch.entries.map(({ position }) => `<${position}>`).join(''))
    t.equal(batch.bytes(other), batch.bytes(other), 'the same bytes for everyone')
  }
  t.equal(one.encoded, 2)
  t.equal(other.encoded, 2)
})

t.test('batches are merged in log order, each entry once', async (t) => {
  const [a, b, c, d] = [1, 2, 3, 4].map((position) => new Entry('e', { ...notification, position })) as [
    Entry,
    Entry,
    Entry,
    Entry,
  ]
  const merged = new Batch([a, c, d], 4).merge(new Batch([b, c], 5))
  t.strictSame(
    merged.entries.map(({ position }) => position),
    [1, 2, 3, 4],
  )
  t.equal(merged.through, 5)
})

t.test('a batch fits a room by count and by size, and a single notification always does', async (t) => {
  const entry = new Entry('e', notification)
  const size = notification.data.length
  t.ok(new Batch([entry, entry], 36).fits({ count: 2, bytes: 2 * size }))
  t.notOk(new Batch([entry, entry], 36).fits({ count: 1, bytes: 2 * size }))
  t.notOk(new Batch([entry, entry], 36).fits({ count: 2, bytes: 2 * size - 1 }))
  t.ok(new Batch([entry], 36).fits({ count: 1, bytes: 1 }))
})
