import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Log, LogUnavailable } from '../../../src/log/log.ts'
import { openMemoryLog } from '../../../src/log/memory.ts'
import { Dispatcher } from '../../../src/stream/dispatcher.ts'
import { startStats } from '../../../src/stream/stats.ts'
import { draft, logOptions } from '../../contract/log/harness.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A dispatcher on a clock that stands, and how often it has looked. */
function open(t: Test) {
  const clock = new ManualClock()
  const log = openMemoryLog(logOptions(), clock.now)
  const stats = startStats()
  const reported: unknown[] = []
  let looks = 0
  let fault: Error | undefined
  const schedule: Log['schedule'] = {
    add: (drafts) => log.schedule.add(drafts),
    cancel: (channel, id) => log.schedule.cancel(channel, id),
    pending: () => log.schedule.pending(),
    async publishDue() {
      looks++
      if (fault) throw fault
      return log.schedule.publishDue()
    },
  }
  const dispatcher = new Dispatcher({ schedule, clock, stats, report: (error) => reported.push(error) })
  t.teardown(() => dispatcher.close())
  return {
    ...{ clock, log, stats, dispatcher, reported },
    looks: () => looks,
    fail: (error: Error | undefined) => {
      fault = error
    },
    async pass(ms: number) {
      clock.pass(ms)
      await nextTurn()
    },
    schedule: (count: number, ahead: number) =>
      dispatcher.add(Array.from({ length: count }, () => ({ ...draft('a'), due: clock.now() + ahead }))),
  }
}

t.test('one timer is set: for what is due first, or for a look', async (t) => {
  const { clock, looks, pass, schedule, log } = open(t)
  await schedule(1, 300)
  await schedule(1, 200)
  await schedule(1, 10_000)
  t.equal(clock.timers, 1)
  await pass(199)
  t.equal(looks(), 0)
  await pass(1)
  t.equal((await log.bounds()).last, 1)
  await pass(100)
  t.equal((await log.bounds()).last, 2)
  t.equal(looks(), 2, 'nothing was done in vain')
  await pass(499)
  t.equal(looks(), 2)
  await pass(1)
  t.equal(looks(), 3, 'another instance may have scheduled something')
  t.equal(clock.timers, 1)
})

t.test('batch follows batch until all that is due is published, and all is counted', async (t) => {
  const { stats, pass, schedule, log } = open(t)
  await schedule(950, 100)
  t.equal(stats.scheduled, 950)
  await pass(100)
  for (let n = 0; n < 5; n++) await pass(0)
  t.equal((await log.bounds()).last, 950)
  t.equal(stats.published, 950)
  t.equal(
    stats.scheduleLate.counts.reduce((sum, count) => sum + count),
    950,
  )
})

t.test('while the log can not do it, it is asked twice a second', async (t) => {
  const { looks, pass, schedule, fail, log, reported } = open(t)
  await schedule(1, 100)
  fail(new LogUnavailable('not now'))
  await pass(100)
  await pass(500)
  await pass(500)
  t.equal(looks(), 3)
  t.strictSame(reported, [])
  fail(new Error('broken'))
  await pass(500)
  t.match(reported, [{ message: 'broken' }], 'what else goes wrong is told')
  fail(undefined)
  await pass(500)
  t.equal((await log.bounds()).last, 1)
})

t.test('one that is closed looks no more', async (t) => {
  const { clock, looks, pass, schedule, dispatcher } = open(t)
  await schedule(1, 100)
  await dispatcher.close()
  t.equal(clock.timers, 0)
  await pass(1000)
  t.equal(looks(), 0)
})
