import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../src/log/embedded.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { logOptions } from './log/harness.ts'
import { logContract } from './log.ts'

logContract('embedded', {
  async open(t, options) {
    const clock = new ManualClock()
    const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
    const openLog = () => openEmbeddedLog(directory, logOptions(options), clock.now)
    let log = openLog()
    t.teardown(async () => {
      await log.close()
      await rm(directory, { recursive: true })
    })
    return {
      log,
      pass: async (seconds) => {
        clock.pass(seconds * 1000)
        await log.sweep()
      },
      join: async () => {
        const other = openLog()
        t.teardown(() => other.close())
        return other
      },
      reopen: async () => {
        await log.close()
        log = openLog()
        return log
      },
    }
  },
})
