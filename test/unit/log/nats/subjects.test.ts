import fc from 'fast-check'
import t from 'tap'
import { Subjects } from '../../../../src/log/nats/subjects.ts'
import { isChannelName } from '../../../../src/protocol/channel.ts'
import { ChannelSet } from '../../../../src/protocol/channel-set.ts'

const subjects = new Subjects('tidings')
const characters = [...'abcXYZ019_-.~@+=']
const channel = fc
  .array(fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 64 }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((segments) => segments.join(':').slice(0, 255).replace(/:$/, ''))

t.test('a channel and its subject are one and the same', async () => {
  fc.assert(
    fc.property(channel, (channel) => {
      const subject = subjects.of(channel)
      return (
        isChannelName(channel) &&
        subjects.channelOf(subject) === channel &&
        /^tidings\.log(\.[^\s.*>]+)+$/.test(subject) &&
        subject.split('.').length === channel.split(':').length + 2 &&
        Buffer.byteLength(subject) <= 512
      )
    }),
  )
})

t.test('a pattern is a filter', async (t) => {
  t.equal(subjects.of('a.b:*:c'), 'tidings.log.a%b.*.c')
  t.equal(subjects.of('a:**'), 'tidings.log.a.>')
  t.equal(subjects.of('**'), subjects.all)
})

t.test('a name that a pattern covers needs no filter of its own', async (t) => {
  t.strictSame(subjects.filtersOf(new ChannelSet(['a', 'b:1', 'b:*', '*:1'])), [
    'tidings.log.a',
    'tidings.log.b.*',
    'tidings.log.*.1',
  ])
})
