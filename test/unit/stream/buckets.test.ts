import t from 'tap'
import { Buckets } from '../../../src/stream/buckets.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** How many of `count` get through for `key` at this moment. */
function taken(buckets: Buckets, key: string, count: number): number {
  return Array.from({ length: count }, () => buckets.take(key)).filter(Boolean).length
}

t.test('each has a bucket of its own, and only one', async (t) => {
  const clock = new ManualClock()
  const buckets = new Buckets(2, clock)
  t.equal(taken(buckets, 'a', 100), 20)
  t.equal(taken(buckets, 'b', 100), 20)
  clock.pass(1_000)
  t.equal(taken(buckets, 'a', 100), 2)
})

t.test('those who came last are remembered, whoever came first', async (t) => {
  const buckets = new Buckets(1, new ManualClock())
  for (const key of ['steady', 'gone']) t.equal(taken(buckets, key, 10), 10)
  for (let i = 0; i < 4_999; i++) {
    buckets.take(`${i}`)
    if (buckets.take('steady')) t.fail(`${i}`)
  }
  t.equal(taken(buckets, 'gone', 11), 10, 'the 5,000 others are remembered instead')
})

t.test('without a limit everything gets through', async (t) => {
  t.equal(taken(new Buckets(0, new ManualClock()), 'a', 10_000), 10_000)
})
