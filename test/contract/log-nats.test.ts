import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openLog, startNats } from '../support/nats.ts'
import { logOptions } from './log/harness.ts'
import { logContract } from './log.ts'

const server = await startNats(t)
let logs = 0

logContract('nats', {
  async open(t, options) {
    const settings = { servers: [server.url], name: `log-${++logs}`, ...logOptions(options) }
    const open = async () => {
      const log = openLog(t, settings)
      await log.ready
      return log
    }
    const log = await open()
    return {
      log,
      // The server has no clock but the machine's.
      pass: (seconds) => pause(seconds * 1000),
      join: open,
      async reopen() {
        await log.close()
        return open()
      },
    }
  },
})
