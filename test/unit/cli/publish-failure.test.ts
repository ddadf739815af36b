import t from 'tap'
import { failureOf } from '../../../src/cli/publish-failure.ts'
import { ServiceError } from '../../../src/cli/request.ts'

const sent = [7, 9, 10].map((number) => ({ number, bytes: Buffer.alloc(0) }))

t.test(
  'A refusal names the lines by their numbers in the input, and says that nothing of them is stored',
  async (t) => {
    const details = [
      { pointer: '/1', detail: 'is no object' },
      { pointer: '/2/channels/0', detail: 'is no name' },
    ]
    const error = new ServiceError('400 bad-notification: see errors', { status: 400, details })
    t.equal(
      failureOf(error, { done: 6, sent, wasStopped: false }),
      '400 bad-notification: see errors\nline 9: is no object\nline 10 (channels/0): is no name\nLines up to 6 are published, and nothing after that.',
    )
  },
)

t.test('What was under way may be stored when no answer came, or the process was told to stop', async (t) => {
  const error = new ServiceError('it can not be reached')
  t.equal(
    failureOf(error, { done: 0, sent, wasStopped: false }),
    'it can not be reached\nNo line is published, and lines 7 to 10 may be.',
  )
  t.equal(
    failureOf(error, { done: 6, sent, wasStopped: true }),
    'Told to stop.\nLines up to 6 are published, and lines 7 to 10 may be.',
  )
})

t.test('With nothing under way, nothing more is stored', async (t) => {
  t.equal(
    failureOf(new RangeError('line 7: too long'), { done: 6, sent: [], wasStopped: false }),
    'line 7: too long\nLines up to 6 are published, and nothing after that.',
  )
})
