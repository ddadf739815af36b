import t from 'tap'
import { Bucket } from '../../../src/stream/bucket.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** How many of `count` get through at this moment. */
function taken(bucket: Bucket, count: number): number {
  return Array.from({ length: count }, () => bucket.take()).filter(Boolean).length
}

t.test("after a rest ten seconds' worth gets through at once, and then the rate", async (t) => {
  const clock = new ManualClock()
  const bucket = new Bucket(5, clock)
  t.equal(taken(bucket, 100), 50)
  clock.pass(1_000)
  t.equal(taken(bucket, 100), 5)
  clock.pass(100)
  t.equal(taken(bucket, 1), 0, 'half of one is none')
  clock.pass(100)
  t.equal(taken(bucket, 2), 1, 'but is not forgotten')
  clock.pass(3_600_000)
  t.equal(taken(bucket, 100), 50, 'a longer rest saves no more')
})

t.test('at the rate everything gets through for ever', async (t) => {
  const clock = new ManualClock()
  const bucket = new Bucket(20, clock)
  for (let i = 0; i < 10_000; i++) {
    clock.pass(50)
    if (!bucket.take()) t.fail(`${i}`)
  }
  t.pass()
})

t.test('a clock that is set back takes nothing away, and gives nothing', async (t) => {
  let now = 1_000_000
  const bucket = new Bucket(1, Object.assign(new ManualClock(), { now: () => now }))
  t.equal(taken(bucket, 20), 10)
  now -= 500_000
  t.equal(taken(bucket, 1), 0)
  now += 1_000
  t.equal(taken(bucket, 2), 1)
})

t.test('without a limit everything gets through', async (t) => {
  t.equal(taken(new Bucket(0, new ManualClock()), 10_000), 10_000)
})
