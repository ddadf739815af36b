import t from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { Lingering } from '../../../src/stream/lingering.ts'

const A = new ChannelSet(['a', 'b:*'])
const SAME = new ChannelSet(['a', 'b:*'])
const OTHER = new ChannelSet(['a', 'c'])

/** How many a notification on `channel` would concern at `now`. */
function countAt(lingering: Lingering, now: number, channel = 'a'): number {
  lingering.expire(now)
  return lingering.count(channel)
}

t.test('who was answered is there for two seconds', async (t) => {
  const lingering = new Lingering()
  lingering.left(A, 7, 0)
  lingering.left(OTHER, 7, 1000)
  t.equal(countAt(lingering, 1999), 2)
  t.equal(countAt(lingering, 1999, 'b:1'), 1)
  t.strictSame([...lingering.names()], ['a', 'c'])
  t.equal(countAt(lingering, 2000), 1)
  t.equal(countAt(lingering, 3000), 0)
  t.strictSame([...lingering.names()], [])
})

t.test('one that has a channel by name and by pattern counts once', async (t) => {
  const lingering = new Lingering()
  lingering.left(new ChannelSet(['b:1', 'b:*', '**']), 7, 0)
  t.equal(lingering.count('b:1'), 1)
})

t.test('who comes back where they were answered is no longer between two polls', async (t) => {
  const lingering = new Lingering()
  lingering.left(A, 7, 0)
  lingering.left(SAME, 7, 500)
  lingering.came(A, 8)
  lingering.came(OTHER, 7)
  t.equal(countAt(lingering, 600), 2, 'whoever else comes is somebody else')
  lingering.came(SAME, 7)
  t.equal(countAt(lingering, 600), 1, 'of two that are alike one is back')
  lingering.came(A, 7)
  lingering.came(A, 7)
  t.equal(countAt(lingering, 600), 0)
  lingering.left(A, 7, 700)
  t.equal(countAt(lingering, 2699), 1)
  t.equal(countAt(lingering, 2700), 0)
})

t.test('of those who are alike each is forgotten at its own time, also where nobody asks', async (t) => {
  const lingering = new Lingering()
  lingering.left(A, 7, 0)
  lingering.left(A, 7, 1000)
  t.equal(countAt(lingering, 2000), 1)
  lingering.left(OTHER, 7, 5000)
  t.equal(lingering.count('b:1'), 0)
})
