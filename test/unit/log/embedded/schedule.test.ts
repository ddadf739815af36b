import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { EmbeddedSchedule } from '../../../../src/log/embedded/schedule.ts'
import { Store } from '../../../../src/log/embedded/store.ts'
import { draft, logOptions } from '../../../contract/log/harness.ts'

t.test('tails are told of what is published at once, and of nothing else', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-schedule-'))
  const options = logOptions()
  const store = new Store(directory, options.retentionBytes)
  t.teardown(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })
  let now = 1000
  const told: number[] = []
  const schedule = new EmbeddedSchedule({
    ...{ store, options, now: () => now, begin() {} },
    onAppended: () => told.push(store.state.last),
  })
  await schedule.add([{ ...draft('a'), due: 2000 }])
  await schedule.publishDue()
  t.strictSame(told, [])
  now = 2000
  await schedule.publishDue()
  t.strictSame(told, [1])
})
