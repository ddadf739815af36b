import t from 'tap'
import { openMemoryLog } from '../../../src/log/memory.ts'
import { Hub } from '../../../src/stream/hub.ts'
import { Presence } from '../../../src/stream/presence.ts'
import { logOptions } from '../../contract/log/harness.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** Of an instance where nobody is, beside others, which answer a question of a kind so. */
function beside(answers: Readonly<Record<'names' | 'counts', unknown[]>>): Presence {
  const hub = new Hub({ log: openMemoryLog(logOptions()), clock: new ManualClock(), windowBytes: 1000 })
  return new Presence(hub, {
    answer() {},
    ask: async (question) => answers[(question as { kind: 'names' | 'counts' }).kind],
  })
}

t.test(
  'the channels of several instances are listed in order, each once, with all their subscribers',
  async (t) => {
    const presence = beside({
      names: [
        ['b', 'd'],
        ['a', 'b', 'c'],
      ],
      counts: [
        [0, 1, 0],
        [1, 2, 1],
      ],
    })
    t.strictSame(await presence.list('*', '', 3), {
      channels: [
        { channel: 'a', subscribers: 1 },
        { channel: 'b', subscribers: 3 },
        { channel: 'c', subscribers: 1 },
      ],
      next: 'c',
    })
  },
)

t.test('who goes while the channels are listed is not', async (t) => {
  const presence = beside({ names: [['a', 'b']], counts: [[0, 1]] })
  t.strictSame(await presence.list('*', '', 3), {
    channels: [{ channel: 'b', subscribers: 1 }],
    next: undefined,
  })
})
