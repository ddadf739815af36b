import type { Test } from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { until } from '../../support/until.ts'
import { draft, EVERYTHING, type LogHarness, readAll } from './harness.ts'

/** The place before the newest. */
export async function newestTests(t: Test, { open }: LogHarness): Promise<void> {
  t.test('it finds the place before the newest of names, patterns and both', async (t) => {
    const { log } = await open(t)
    const names = ['a', 'b:1', 'a', 'c', 'b:2', 'c', 'c', 'a']
    const drafts = Array.from({ length: 80 }, (_, i) => draft(names[i % names.length] ?? 'a'))
    await log.append(drafts)
    for (const set of [['a'], ['b:1', 'b:2'], ['b:*'], ['a', 'b:*'], ['**'], ['nobody'], ['nobody:*']]) {
      const channels = new ChannelSet(set)
      const ids = drafts.filter(({ channel }) => channels.has(channel)).map(({ id }) => id)
      for (const count of [1, 2, 9, 1000]) {
        t.strictSame(
          (await readAll(log, channels, await log.newest(channels, count))).map(({ id }) => id),
          ids.slice(-count),
          `${count} of ${set}`,
        )
      }
    }
  })

  t.test('where there are fewer all that is kept follows, and it is no place that has a gap', async (t) => {
    const { log } = await open(t, { retentionBytes: 100_000 })
    t.equal(await log.newest(EVERYTHING, 10), 0)
    for (let i = 0; i < 20; i++) await log.append([draft('a', { data: JSON.stringify('x'.repeat(10_000)) })])
    await until('retention has taken some', async () => (await log.bounds()).first > 1)
    const { first, last } = await log.bounds()
    for (const channels of [EVERYTHING, new ChannelSet(['a']), new ChannelSet(['nobody'])]) {
      const place = await log.newest(channels, 1000)
      t.ok(place >= first - 1 && place <= last)
      const kept = await readAll(log, channels, first - 1)
      t.strictSame(await readAll(log, channels, place), kept)
    }
  })

  t.test('a search through much that is not wanted finds what is behind it', async (t) => {
    const { log } = await open(t)
    await log.append([draft('quiet:1')])
    for (let i = 0; i < 10; i++) await log.append(Array.from({ length: 500 }, () => draft('crowd')))
    for (const channel of ['quiet:1', 'quiet:*']) {
      const place = await log.newest(new ChannelSet([channel]), 1)
      t.equal((await readAll(log, new ChannelSet([channel]), place)).length, 1)
    }
  })
}
