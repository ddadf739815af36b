import { openMemoryLog } from '../../src/log/memory.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { logOptions } from './log/harness.ts'
import { logContract } from './log.ts'

logContract('memory', {
  skips: { reopen: 'a memory log is gone when it is closed' },
  async open(t, options) {
    const clock = new FakeClock()
    const log = openMemoryLog(logOptions(options), clock.now)
    t.teardown(() => log.close())
    return {
      log,
      pass: async (seconds) => clock.pass(seconds),
      reopen: async () => {
        throw new Error('a memory log can not be opened again')
      },
    }
  },
})
