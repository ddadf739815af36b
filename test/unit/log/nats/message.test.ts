import t from 'tap'
import { encode, placeOf } from '../../../../src/log/nats/message.ts'
import { Subjects } from '../../../../src/log/nats/subjects.ts'

t.test('the place is read from both forms of the reply subject', async (t) => {
  const place = { position: 42, delivery: 7, time: 1790000000123, pending: 5 }
  t.strictSame(placeOf('$JS.ACK.tidings.c1.1.42.7.1790000000123456789.5'), place)
  t.strictSame(placeOf('$JS.ACK._.HASH.tidings.c1.1.42.7.1790000000123456789.5.random'), place)
  t.equal(placeOf('$JS.FC.tidings.c1.x'), undefined)
  t.equal(placeOf(''), undefined)
  t.equal(placeOf(undefined), undefined)
})

t.test('no two identities are the same message to JetStream, and none breaks a header', async (t) => {
  const subjects = new Subjects('tidings')
  const ids = ['a', 'A', ' a', 'a ', 'a%20', 'a:b', '"a"', '~', `${'x'.repeat(128)}`]
  const messages = ids.flatMap((id) =>
    ['a', 'a:b', 'b'].map((channel) =>
      encode(subjects, { channel, id, data: '1' }).headers.get('Nats-Msg-Id'),
    ),
  )
  t.equal(new Set(messages).size, messages.length)
  for (const message of messages) t.match(message, /^[!-~]+ [!-~]+$/)
})
