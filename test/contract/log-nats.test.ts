import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openNatsLog } from '../../src/log/nats/nats.ts'
import { startNats } from '../support/nats.ts'
import { logOptions } from './log/harness.ts'
import { logContract } from './log.ts'

const server = await startNats(t)
let logs = 0

logContract('nats', {
  async open(t, options) {
    const settings = { servers: [server.url], name: `log-${++logs}`, replicas: 1, ...logOptions(options) }
    const open = async () => {
      const log = openNatsLog(settings)
      t.teardown(() => log.close())
      await log.ready
      return log
    }
    const log = await open()
    return {
      log,
      // The server has no clock but the machine's.
      pass: (seconds) => pause(seconds * 1000),
      async reopen() {
        await log.close()
        return open()
      },
    }
  },
})
