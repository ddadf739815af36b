import type { Test } from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { until } from '../../support/until.ts'
import { draft, EVERYTHING, type LogHarness, readAll } from './harness.ts'

/** Retention by age and by bytes, and `ttl`. */
export async function retentionTests(t: Test, { open }: LogHarness): Promise<void> {
  t.test('what is too old is taken, and a read from before it says so', async (t) => {
    const { log, pass } = await open(t, { retentionSeconds: 2, idempotencySeconds: 2 })
    await log.append([draft('a'), draft('a')])
    const { last } = await log.bounds()
    t.equal((await log.read(EVERYTHING, 0, 10)).gap, false)
    await pass(3)
    await until('all is taken', async () => (await log.bounds()).first === last + 1)
    t.equal((await log.bounds()).last, last)
    t.strictSame(await log.read(EVERYTHING, 0, 10), { notifications: [], through: last, gap: true })
    t.strictSame(await log.read(EVERYTHING, last, 10), { notifications: [], through: last, gap: false })
    const [next] = await log.append([draft('a')])
    t.ok(next && next.position > last)
    t.equal((await log.read(new ChannelSet(['a']), last, 10)).notifications.length, 1)
    t.equal((await log.read(new ChannelSet(['a']), 0, 10)).gap, true)
  })

  t.test('beyond so many bytes the oldest are taken', async (t) => {
    const { log } = await open(t, { retentionBytes: 100_000 })
    const data = JSON.stringify('x'.repeat(9_000))
    for (let i = 0; i < 20; i++) await log.append([draft('a', { data }), draft('b', { data })])
    await until('it keeps 100,000 bytes at most', async () => {
      const { first, last } = await log.bounds()
      return (last - first + 1) * 9_000 <= 100_000
    })
    const { first, last } = await log.bounds()
    t.ok(last - first + 1 >= 8, 'it keeps nearly as much as it may')
    const kept = await readAll(log, EVERYTHING, first - 1)
    t.equal(kept[0]?.position, first)
    t.equal(kept.at(-1)?.position, last)
    for (const channels of [EVERYTHING, new ChannelSet(['a'])]) {
      t.equal((await log.read(channels, 0, 10)).gap, true)
      t.equal((await log.read(channels, first - 2, 10)).gap, true)
      t.equal((await log.read(channels, first - 1, 10)).gap, false)
    }
    t.equal((await log.read(new ChannelSet(['a']), 0, 1)).notifications[0]?.channel, 'a')
  })

  t.test('what has outlived its ttl is not read any more, though the log keeps it', async (t) => {
    const { log, pass } = await open(t)
    const drafts = [draft('a'), draft('a', { ttl: 2 }), draft('a'), draft('a', { ttl: 60 })]
    await log.append(drafts)
    const before = await log.bounds()
    const lasting = drafts.filter(({ ttl }) => ttl !== 2).map(({ id }) => id)
    await pass(3)
    for (const channels of [EVERYTHING, new ChannelSet(['a'])]) {
      await until('it has expired', async () => (await readAll(log, channels, 0)).length === 3)
      t.strictSame(
        (await readAll(log, channels, 0)).map(({ id }) => id),
        lasting,
      )
      const place = await log.newest(channels, 3)
      t.strictSame(
        (await readAll(log, channels, place)).map(({ id }) => id),
        lasting,
      )
    }
    t.strictSame(await log.bounds(), before)
  })
}
