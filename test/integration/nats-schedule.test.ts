import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Appended, type Draft, type Log, LogUnavailable } from '../../src/log/log.ts'
import type { NatsLog } from '../../src/log/nats/nats.ts'
import type { ScheduledDraft } from '../../src/log/schedule.ts'
import { draft, EVERYTHING, logOptions, readAll } from '../contract/log/harness.ts'
import { openLog, startNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** Seconds for which an identity is remembered: short, so that a test can wait for longer. */
const WINDOW = 2

const server = await startNats(t)
let logs = 0

/** Two instances that share a log. */
async function openTwo(t: Test): Promise<{ one: NatsLog; other: NatsLog }> {
  const options = {
    servers: [server.url],
    name: `s-${++logs}`,
    ...logOptions({ idempotencySeconds: WINDOW }),
  }
  const [one, other] = [openLog(t, options), openLog(t, options)]
  await Promise.all([one.ready, other.ready])
  return { one, other }
}

function due(rest: Partial<ScheduledDraft> = {}): ScheduledDraft {
  return { ...draft('a', rest), due: Date.now() }
}

/** Has an instance die, for all that others can see, when it has claimed what is due: before its append, or after that. */
async function dieAtAppend(
  log: Log,
  append: (drafts: readonly Draft[]) => Promise<Appended[]>,
): Promise<void> {
  log.append = async (drafts) => {
    await append(drafts)
    throw new LogUnavailable('it is dead')
  }
  await log.schedule.publishDue().catch((error: unknown) => {
    if (!(error instanceof LogUnavailable)) throw error
  })
}

async function publishUntilNone({ schedule }: Log): Promise<string[]> {
  const ids: string[] = []
  await until('nothing is pending', async () => {
    ids.push(...(await schedule.publishDue()).published.map(({ draft }) => draft.id))
    return schedule.pending() === 0
  })
  return ids
}

t.test('what an instance had claimed when it died is published by another', async (t) => {
  const { one, other } = await openTwo(t)
  const drafts = [due(), due()]
  await one.schedule.add(drafts)
  await dieAtAppend(one, async () => [])
  t.equal(await other.schedule.cancel('a', drafts[0]?.id ?? ''), 'published', 'it is too late to cancel it')
  const ids = drafts.map(({ id }) => id).sort()
  t.strictSame((await publishUntilNone(other)).sort(), ids)
  t.strictSame((await readAll(other, EVERYTHING, 0)).map(({ id }) => id).sort(), ids)
})

t.test(
  'what it had published already is not published again, though the outage was longer than the window',
  async (t) => {
    const { one, other } = await openTwo(t)
    const append = one.append.bind(one)
    const drafts = [due(), due({ ttl: 1 }), due()]
    await one.schedule.add(drafts)
    await dieAtAppend(one, append)
    const stored = await readAll(other, EVERYTHING, 0)
    t.equal(stored.length, drafts.length)
    await other.append(Array.from({ length: 1500 }, () => draft('a')))
    await pause((WINDOW + 1) * 1000)
    t.strictSame(await publishUntilNone(other), [])
    t.equal((await other.bounds()).last, stored.length + 1500)
    t.match(await other.schedule.add([drafts[0] ?? due()]), [
      { state: 'published', position: 1, duplicate: true },
    ])
  },
)

t.test('several that take over the same publish it once', async (t) => {
  const { one, other } = await openTwo(t)
  const third = openLog(t, {
    servers: [server.url],
    name: `s-${logs}`,
    ...logOptions({ idempotencySeconds: WINDOW }),
  })
  await third.ready
  const drafts = Array.from({ length: 50 }, () => due())
  await one.schedule.add(drafts)
  await dieAtAppend(one, async () => [])
  const published = (await Promise.all([publishUntilNone(other), publishUntilNone(third)])).flat()
  t.equal((await readAll(other, EVERYTHING, 0)).length, drafts.length)
  t.strictSame(published.sort(), drafts.map(({ id }) => id).sort(), 'and one of them says so')
})

t.test('when NATS comes back what was due meanwhile is published, once', async (t) => {
  const server = await startNats(t)
  const log = openLog(t, { servers: [server.url], ...logOptions() })
  await log.ready
  const drafts = Array.from({ length: 20 }, (_, i) => ({ ...draft('a'), due: Date.now() + 100 + i }))
  await log.schedule.add(drafts)
  await server.kill()
  await t.rejects(log.schedule.publishDue(), LogUnavailable)
  await pause(200)
  await server.start()
  const published: string[] = []
  await until('all are published', async () => {
    const dispatch = await log.schedule.publishDue().catch(() => undefined)
    published.push(...(dispatch?.published.map(({ draft }) => draft.id) ?? []))
    return published.length === drafts.length
  })
  t.strictSame(
    (await readAll(log, EVERYTHING, 0)).map(({ id }) => id),
    drafts.map(({ id }) => id),
  )
})
