import { openMemoryLog } from '../../src/log/memory.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { logOptions } from './log/harness.ts'
import { logContract } from './log.ts'

logContract('memory', {
  skips: {
    reopen: 'a memory log is gone when it is closed',
    join: 'a memory log belongs to one process',
  },
  async open(t, options) {
    const clock = new ManualClock()
    const log = openMemoryLog(logOptions(options), clock.now)
    t.teardown(() => log.close())
    return {
      log,
      pass: async (seconds) => clock.pass(seconds * 1000),
      join: async () => {
        throw new Error('a memory log can not be shared')
      },
      reopen: async () => {
        throw new Error('a memory log can not be opened again')
      },
    }
  },
})
