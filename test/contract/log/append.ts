import type { Test } from 'tap'
import type { Notification } from '../../../src/log/log.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { draft, EVERYTHING, type LogHarness, readAll } from './harness.ts'

/** Order, wholeness and content of what is appended. */
export async function appendTests(t: Test, { open }: LogHarness): Promise<void> {
  t.test(
    'positions grow along one call and from call to call, and the log is read in that order',
    async (t) => {
      const { log } = await open(t)
      const drafts = [draft('a'), draft('b'), draft('a'), draft('c')]
      const outcomes = [...(await log.append(drafts.slice(0, 3))), ...(await log.append(drafts.slice(3)))]
      t.equal(outcomes.length, 4)
      let before = 0
      for (const { position, duplicate } of outcomes) {
        t.ok(Number.isSafeInteger(position) && position > before)
        t.equal(duplicate, false)
        before = position
      }
      const stored = await readAll(log, EVERYTHING, 0)
      t.strictSame(
        stored.map(({ position, id }) => ({ position, id })),
        drafts.map(({ id }, i) => ({ position: outcomes[i]?.position, id })),
      )
    },
  )

  t.test('concurrent calls are each stored in one piece', async (t) => {
    const { log } = await open(t)
    const calls = Array.from({ length: 50 }, (_, i) => [draft(`c${i}`), draft(`c${i}`), draft(`c${i}`)])
    const outcomes = await Promise.all(calls.map((drafts) => log.append(drafts)))
    for (const [i, drafts] of calls.entries()) {
      const stored = await readAll(log, new ChannelSet([`c${i}`]), 0)
      t.strictSame(
        stored.map(({ position, id }) => [position, id]),
        drafts.map(({ id }, j) => [outcomes[i]?.[j]?.position, id]),
      )
    }
  })

  t.test('an empty call stores nothing', async (t) => {
    const { log } = await open(t)
    t.strictSame(await log.append([]), [])
    t.equal((await log.bounds()).last, 0)
  })

  t.test('what was stored comes back as it was, with the time of storing', async (t) => {
    const { log } = await open(t)
    const drafts = [
      draft('user:42', { data: '{"text":"Grüße, 世界 🌍 \\u0000 ‮"}', type: 'order.shipped', ttl: 60 }),
      draft('traced', { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }),
      draft('A.b_c-d~e@f+g=h:1', { data: 'null', id: '~ "weird" \\ id !' }),
      draft(`${'x'.repeat(63)}:${'y'.repeat(64)}:${'z'.repeat(64)}:${'w'.repeat(61)}`, {
        id: 'i'.repeat(128),
      }),
      draft('big', { data: JSON.stringify('x'.repeat(64 * 1024 - 2)) }),
      draft('big', { data: JSON.stringify('é🌍'.repeat(10_000)) }),
    ]
    await log.append(drafts)
    const stored = await readAll(log, EVERYTHING, 0)
    for (const [i, { ttl, ...content }] of drafts.entries()) {
      const { position, time, expires, ...rest } = stored[i] as Notification
      t.strictSame(rest, content)
      t.ok(Number.isSafeInteger(position) && Number.isSafeInteger(time))
      t.equal(expires, ttl && time + ttl * 1000)
    }
    t.strictSame(
      (await log.read(new ChannelSet(['big']), 0, 1)).notifications.map(({ data }) => data.length),
      [64 * 1024],
    )
  })
}
