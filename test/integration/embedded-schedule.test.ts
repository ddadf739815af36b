import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../support/nats.ts'
import { startSchedules } from '../support/schedules.ts'
import { startService } from '../support/service.ts'

/** How often a process is killed, and how long everything goes well before each time, in milliseconds. */
const KILLS = process.env['TIDINGS_TEST_LONG'] ? 20 : 3
const FLOW_MS = 1000
/** How late a schedule may be: two processes are there, and one of them is never gone. */
const LATE_MS = 2000

t.test(
  'processes on one directory publish each once, at its time, though they are killed in turn',
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'tidings-schedule-'))
    t.teardown(() => rm(directory, { recursive: true, force: true }))
    const ports = [await freePort(), await freePort()]
    const start = (n: number) =>
      startService(t, {
        TIDINGS_LOG: 'embedded',
        TIDINGS_DATA_DIR: directory,
        TIDINGS_PORT: String(ports[n]),
      })
    const services = [start(0), start(1)]
    const targets = await Promise.all(services.map(async ({ url }) => ({ url: await url })))
    const schedules = startSchedules(t, targets)
    for (let n = 0; n < KILLS; n++) {
      await pause(FLOW_MS)
      const victim = n % services.length
      services[victim]?.process.kill('SIGKILL')
      await services[victim]?.ended
      services[victim] = start(victim)
      await services[victim].url
    }
    await schedules.conclude(t, LATE_MS)
  },
)
