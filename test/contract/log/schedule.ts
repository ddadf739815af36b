import type { Test } from 'tap'
import type { Log } from '../../../src/log/log.ts'
import { type Dispatched, type ScheduledDraft, ScheduleFull } from '../../../src/log/schedule.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { until } from '../../support/until.ts'
import { draft, EVERYTHING, type LogHarness, type OpenLog, readAll } from './harness.ts'

/** Far enough ahead for nothing to be due before a test has seen that it is not. */
const LATER = 3_600_000
/** Soon enough to wait for. */
const SOON = 1

/** What is scheduled, and published when it is due: once, or cancelled. */
export async function scheduleTests(t: Test, { open, skips }: LogHarness): Promise<void> {
  t.test('what is scheduled is not in the log until it is due, and then once', async (t) => {
    const store = await open(t)
    const { log, pass } = store
    const now = await clockOf(store)
    const early = scheduled(now + SOON * 1000, { type: 'reminder', ttl: 600 })
    const late = scheduled(now + LATER)
    t.strictSame(await log.schedule.add([late, early]), [
      { state: 'scheduled', due: late.due, duplicate: false },
      { state: 'scheduled', due: early.due, duplicate: false },
    ])
    t.strictSame((await log.schedule.publishDue()).published, [])
    t.equal((await log.bounds()).last, 1, 'the log has nothing but what the clock was read by')
    t.equal(log.schedule.pending(), 2)
    await pass(SOON + 0.1)
    const published = await publishAll(log, 1)
    t.match(published, [{ draft: early, duplicate: false }])
    t.ok((published[0]?.time ?? 0) >= early.due, 'not before its time')
    const [stored, ...more] = await readAll(log, new ChannelSet([early.channel]), 0)
    t.strictSame(more, [])
    t.match(stored, { channel: early.channel, id: early.id, type: 'reminder', data: early.data })
    t.ok((stored?.time ?? 0) >= early.due, 'its time is when it was published')
    t.equal(stored?.expires, (stored?.time ?? 0) + 600_000, 'and ttl counts from then')
    t.notOk('due' in (stored ?? {}))
    t.equal(log.schedule.pending(), 1)
    t.strictSame((await log.schedule.publishDue()).published, [])
  })

  t.test('of many that are due at once the earliest come first, however many batches it takes', async (t) => {
    const store = await open(t)
    const { log } = store
    const now = await clockOf(store)
    const drafts = Array.from({ length: 500 }, (_, i) => scheduled(now - 1000 - ((i * 7919) % 500)))
    await log.schedule.add(drafts)
    await publishAll(log, drafts.length)
    const stored = (await readAll(log, EVERYTHING, 1)).map(({ id }) => id)
    const inOrder = [...drafts].sort((a, b) => a.due - b.due).map(({ id }) => id)
    t.strictSame(stored, inOrder)
  })

  t.test('the same scheduled again is scheduled once, and answered with how it stands', async (t) => {
    const store = await open(t)
    const { log } = store
    const now = await clockOf(store)
    const first = scheduled(now - 1)
    const again = { ...first, due: now + LATER }
    await log.schedule.add([first])
    t.strictSame(await log.schedule.add([again]), [{ state: 'scheduled', due: first.due, duplicate: true }])
    await publishAll(log, 1)
    const { last: position } = await log.bounds()
    t.strictSame(await log.schedule.add([again]), [
      { state: 'published', due: first.due, position, duplicate: true },
    ])
    const gone = scheduled(now + LATER)
    t.equal((await log.schedule.add([gone, gone]))[1]?.duplicate, true, 'within one call, too')
    await log.schedule.cancel(gone.channel, gone.id)
    t.strictSame(await log.schedule.add([gone]), [{ state: 'cancelled', due: gone.due, duplicate: true }])
    t.equal(log.schedule.pending(), 0)
  })

  t.test('what is settled is forgotten after the window', async (t) => {
    const store = await open(t, { idempotencySeconds: 2 })
    const { log, pass } = store
    const now = await clockOf(store)
    const one = scheduled(now + LATER)
    await log.schedule.add([one])
    await log.schedule.cancel(one.channel, one.id)
    await pass(3)
    t.equal(await log.schedule.cancel(one.channel, one.id), undefined)
    t.match(await log.schedule.add([one]), [{ state: 'scheduled', duplicate: false }])
    await log.schedule.cancel(one.channel, one.id)
    await pass(3)
    await until('nothing is left to do', async () => (await log.schedule.publishDue()).next === undefined)
  })

  t.test('one that was published at once meanwhile is not stored again within the window', async (t) => {
    const store = await open(t)
    const { log } = store
    const now = await clockOf(store)
    const { due, ...same } = scheduled(now - 1)
    await log.schedule.add([{ ...same, due }])
    const [first] = await log.append([same])
    t.match(await publishAll(log, 1), [{ duplicate: true }])
    t.equal((await log.bounds()).last, first?.position)
  })

  t.test('what is cancelled is never published, and what is published is not cancelled', async (t) => {
    const store = await open(t)
    const { log } = store
    const now = await clockOf(store)
    const [gone, stays] = [scheduled(now - 1), scheduled(now - 1)]
    await log.schedule.add([gone])
    t.equal(await log.schedule.cancel(gone.channel, gone.id), 'cancelled')
    t.equal(await log.schedule.cancel(gone.channel, gone.id), 'cancelled', 'however often one asks')
    await log.schedule.add([stays])
    t.strictSame(
      (await publishAll(log, 1)).map(({ draft }) => draft.id),
      [stays.id],
    )
    t.equal(await log.schedule.cancel(stays.channel, stays.id), 'published')
    t.equal(await log.schedule.cancel('a', 'never heard of'), undefined)
  })

  t.test('when somebody cancels what is just due, one of the two wins', async (t) => {
    const store = await open(t)
    const { log } = store
    const now = await clockOf(store)
    const drafts = Array.from({ length: 100 }, () => scheduled(now - 1))
    await log.schedule.add(drafts)
    const cancelled: string[] = []
    const cancel = async ({ channel, id }: ScheduledDraft) => {
      if ((await log.schedule.cancel(channel, id)) === 'cancelled') cancelled.push(id)
    }
    await Promise.all([...drafts.toReversed().map(cancel), log.schedule.publishDue()])
    await until('nothing is pending', async () => {
      await log.schedule.publishDue()
      return log.schedule.pending() === 0
    })
    const stored = (await readAll(log, EVERYTHING, 1)).map(({ id }) => id)
    t.strictSame([...stored, ...cancelled].sort(), drafts.map(({ id }) => id).sort())
  })

  t.test('more than there is room for is refused, and nothing of that call is scheduled', async (t) => {
    const store = await open(t, { maxScheduled: 3 })
    const { log } = store
    const now = await clockOf(store)
    const [one, two] = [scheduled(now + LATER), scheduled(now + LATER)]
    await log.schedule.add([one, two])
    await t.rejects(log.schedule.add([scheduled(now + LATER), scheduled(now + LATER)]), ScheduleFull)
    t.equal(log.schedule.pending(), 2)
    t.match(await log.schedule.add([scheduled(now + LATER), one]), [
      { duplicate: false },
      { duplicate: true },
    ])
    t.match(await log.schedule.add([two]), [{ duplicate: true }], 'what is there already needs none')
    await log.schedule.cancel(one.channel, one.id)
    await t.resolves(log.schedule.add([scheduled(now + LATER)]), 'and there is room again')
  })

  t.test('together they may have as many bytes as the log', async (t) => {
    const store = await open(t, { retentionBytes: 100_000 })
    const { log } = store
    const now = await clockOf(store)
    const large = () => scheduled(now + LATER, { data: JSON.stringify('x'.repeat(45_000)) })
    const gone = large()
    await log.schedule.add([gone, large()])
    await t.rejects(log.schedule.add([large()]), ScheduleFull)
    await log.schedule.cancel(gone.channel, gone.id)
    await t.resolves(log.schedule.add([large()]), 'and there is room again')
  })

  t.test('retention does not take what is scheduled', async (t) => {
    const store = await open(t, { retentionBytes: 100_000 })
    const { log } = store
    const now = await clockOf(store)
    const one = scheduled(now - 1)
    await log.schedule.add([one])
    const data = JSON.stringify('x'.repeat(10_000))
    for (let i = 0; i < 30; i++) await log.append([draft('a', { data })])
    t.match(await publishAll(log, 1), [{ draft: { id: one.id } }])
  })

  t.test('it is kept by the store', { skip: skips?.reopen ?? false }, async (t) => {
    const store = await open(t)
    const now = await clockOf(store)
    const [one, gone] = [scheduled(now + SOON * 1000), scheduled(now + LATER)]
    await store.log.schedule.add([one, gone])
    const log = await store.reopen()
    t.equal(await log.schedule.cancel(gone.channel, gone.id), 'cancelled')
    await store.pass(SOON + 0.1)
    t.match(await publishAll(log, 1), [{ draft: one }])
    t.match(await log.schedule.add([one]), [{ state: 'published', duplicate: true }])
  })

  t.test(
    'of several instances one publishes each, whoever scheduled it',
    { skip: skips?.join ?? false },
    async (t) => {
      const store = await open(t)
      const logs = [store.log, await store.join(), await store.join()]
      const now = await clockOf(store)
      const drafts = Array.from({ length: 300 }, () => scheduled(now - 1))
      for (const [i, log] of logs.entries()) await log.schedule.add(drafts.slice(100 * i, 100 * (i + 1)))
      const published = await Promise.all(logs.map((log) => publishUntilNone(log)))
      const ids = drafts.map(({ id }) => id).sort()
      t.strictSame(
        published
          .flat()
          .map(({ draft }) => draft.id)
          .sort(),
        ids,
        'one says so',
      )
      t.strictSame((await readAll(store.log, EVERYTHING, 1)).map(({ id }) => id).sort(), ids)
    },
  )

  t.test(
    'what one instance has scheduled the others publish when it is gone',
    { skip: skips?.join ?? false },
    async (t) => {
      const store = await open(t)
      const other = await store.join()
      const now = await clockOf(store)
      const one = scheduled(now + SOON * 1000)
      await other.schedule.add([one])
      await other.close()
      await store.pass(SOON + 0.1)
      t.match(await publishAll(store.log, 1), [{ draft: one }])
    },
  )
}

/** The time by the log's clock, milliseconds since 1970, as a notification tells it. */
async function clockOf({ log }: OpenLog): Promise<number> {
  await log.append([draft('clock')])
  const [first] = await readAll(log, EVERYTHING, 0)
  return first?.time ?? Number.NaN
}

function scheduled(due: number, rest: Partial<ScheduledDraft> = {}): ScheduledDraft {
  return { ...draft('a', rest), due }
}

/** Has what is due published until there are so many. */
async function publishAll(log: Log, count: number): Promise<Dispatched[]> {
  const published: Dispatched[] = []
  await until(`${count} are published`, async () => {
    published.push(...(await log.schedule.publishDue()).published)
    return published.length >= count
  })
  return published
}

/** Has what is due published until nothing is pending. */
async function publishUntilNone(log: Log): Promise<Dispatched[]> {
  const published: Dispatched[] = []
  await until('nothing is pending', async () => {
    published.push(...(await log.schedule.publishDue()).published)
    return log.schedule.pending() === 0
  })
  return published
}
