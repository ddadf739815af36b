import { Packr } from 'msgpackr'
import t from 'tap'
import { FORMATS } from '../../../src/format/formats.ts'
import { json } from '../../../src/format/json.ts'
import { Batch } from '../../../src/stream/batch.ts'
import { Entry } from '../../../src/stream/entry.ts'
import { Framing } from '../../../src/transport/websocket-batch.ts'

/** An entry that counts how often its data is asked for: once by each that encodes it. */
function counted(): { entry: Entry; asked: () => number } {
  let asked = 0
  const entry = new Entry('e', {
    ...{ position: 1, channel: 'a', id: '1', time: 0 },
    get data() {
      asked++
      return '{"x":1}'
    },
  })
  return { entry, asked: () => asked }
}

for (const format of FORMATS) {
  t.test(`a notification is encoded once in ${format.name}, and not before somebody wants it`, async (t) => {
    const { entry, asked } = counted()
    const framing = new Framing(format)
    const batch = new Batch([entry], 1)
    t.equal(asked(), 0)
    const frame = batch.bytes(framing)
    t.equal(batch.bytes(framing), frame, 'the same bytes for everyone')
    for (let i = 0; i < 3; i++) format.answer({ entries: [entry], cursor: 'e-1' })
    format.notification(entry)
    t.equal(asked(), 1)
    for (const other of FORMATS) new Batch([entry], 1).bytes(new Framing(other))
    t.equal(asked(), FORMATS.length, 'and once in each of the others')
  })
}

t.test('an answer may have as many notifications as one can, in MessagePack', async (t) => {
  const msgpack = FORMATS.find(({ name }) => name === 'MessagePack') ?? json
  for (const length of [0, 1, 15, 16, 255, 256, 1000]) {
    const entries = Array.from({ length }, () => counted().entry)
    const { notifications } = new Packr({ useRecords: false }).unpack(
      msgpack.answer({ entries, cursor: 'e-1' }) as Buffer,
    )
    t.equal(notifications.length, length)
  }
})
