import type { Test } from 'tap'
import { PAGE_BYTES } from '../../../src/log/log.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { draft, EVERYTHING, type LogHarness, readAll } from './harness.ts'

/** Pages of names and patterns. */
export async function readTests(t: Test, { open }: LogHarness): Promise<void> {
  const sets = [
    ['a'],
    ['a', 'b:1'],
    ['nobody'],
    ['b:*'],
    ['b:**'],
    ['*'],
    ['**'],
    ['b:1', 'b:*', 'b:**'],
    ['a', 'b:*:x'],
    ['c:1', 'nobody', 'a', 'b:2:x'],
  ]
  t.test('it reads by names, by patterns and by both, each notification once', async (t) => {
    const { log } = await open(t)
    const names = ['a', 'b:1', 'b:2', 'b:1:x', 'b:2:x', 'c', 'c:1', 'ab', 'b']
    const drafts = Array.from({ length: 100 }, (_, i) =>
      draft(names[(i * 7 + (i >> 3)) % names.length] ?? 'a'),
    )
    const outcomes = await log.append(drafts)
    for (const channels of sets.map((set) => new ChannelSet(set))) {
      for (const skipped of [0, 1, 37, 99, 100]) {
        const after = skipped === 0 ? 0 : (outcomes[skipped - 1]?.position ?? 0)
        for (const limit of [1, 7, 1000]) {
          t.strictSame(
            (await readAll(log, channels, after, limit)).map(({ id }) => id),
            drafts
              .slice(skipped)
              .filter(({ channel }) => channels.has(channel))
              .map(({ id }) => id),
            `${[...channels]} after ${skipped} by ${limit}`,
          )
        }
      }
    }
  })

  t.test('a page holds `limit` notifications at most and says how far it has come', async (t) => {
    const { log } = await open(t)
    const outcomes = await log.append([draft('a'), draft('b'), draft('a'), draft('a'), draft('b')])
    const positions = outcomes.map(({ position }) => position)
    for (const channels of [new ChannelSet(['a']), new ChannelSet(['a', 'x:*'])]) {
      const page = await log.read(channels, 0, 2)
      t.strictSame(
        page.notifications.map(({ position }) => position),
        [positions[0], positions[2]],
      )
      t.equal(page.through, positions[2])
      const rest = await log.read(channels, page.through, 2)
      t.strictSame(
        rest.notifications.map(({ position }) => position),
        [positions[3]],
      )
      t.equal(rest.through, positions[4], 'the end of the log, not of the channel')
    }
  })

  t.test('a page holds PAGE_BYTES of data at most, but at least one notification', async (t) => {
    const { log } = await open(t)
    const data = JSON.stringify('é'.repeat(30_000))
    await log.append(Array.from({ length: 12 }, () => draft('a', { data })))
    for (const channels of [new ChannelSet(['a']), EVERYTHING]) {
      const page = await log.read(channels, 0, 1000)
      t.equal(page.notifications.length, Math.floor(PAGE_BYTES / Buffer.byteLength(data)))
      t.equal((await readAll(log, channels, 0)).length, 12)
    }
  })

  t.test('a search through much that is not wanted gets to the end, page by page', async (t) => {
    const { log } = await open(t)
    for (let i = 0; i < 10; i++) await log.append(Array.from({ length: 500 }, () => draft('crowd')))
    await log.append([draft('quiet:1')])
    t.equal((await readAll(log, new ChannelSet(['quiet:*']), 0)).length, 1)
    t.equal((await readAll(log, new ChannelSet(['quiet:1']), 0)).length, 1)
    t.equal((await readAll(log, new ChannelSet(['silent:*']), 0)).length, 0)
  })

  t.test('a read that goes along with appends misses nothing', async (t) => {
    const { log } = await open(t)
    const channels = new ChannelSet(['a', 'b:*'])
    const wanted: string[] = []
    const writing = (async () => {
      for (let i = 0; i < 60; i++) {
        const drafts = [draft('a'), draft('other'), draft(`b:${i}`)]
        await log.append(drafts)
        wanted.push(...drafts.filter(({ channel }) => channels.has(channel)).map(({ id }) => id))
      }
    })()
    const got: string[] = []
    let through = 0
    let written = false
    void writing.then(() => {
      written = true
    })
    while (!written || through < (await log.bounds()).last) {
      const page = await log.read(channels, through, 5)
      got.push(...page.notifications.map(({ id }) => id))
      through = page.through
      await new Promise(setImmediate)
    }
    t.strictSame(got, wanted)
  })
}
