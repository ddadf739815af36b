import t from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { Lingering } from '../../../src/stream/lingering.ts'

const A = new ChannelSet(['a', 'b:*'])
const SAME = new ChannelSet(['a', 'b:*'])
const OTHER = new ChannelSet(['a'])

t.test('who was answered is there for two seconds', async (t) => {
  const lingering = new Lingering()
  lingering.left(A, 7, 0)
  lingering.left(OTHER, 7, 1000)
  t.strictSame(lingering.channels(1999), [A, OTHER])
  t.strictSame(lingering.channels(2000), [OTHER])
  t.strictSame(lingering.channels(3000), [])
})

t.test('who comes back where they were answered is no longer between two polls', async (t) => {
  const lingering = new Lingering()
  lingering.left(A, 7, 0)
  lingering.left(SAME, 7, 500)
  lingering.came(A, 8)
  lingering.came(OTHER, 7)
  t.equal(lingering.channels(600).length, 2, 'whoever else comes is somebody else')
  lingering.came(SAME, 7)
  t.equal(lingering.channels(600).length, 1, 'of two that are alike one is back')
  lingering.came(A, 7)
  lingering.came(A, 7)
  t.strictSame(lingering.channels(600), [])
  lingering.left(A, 7, 700)
  t.equal(lingering.channels(2699).length, 1)
  t.equal(lingering.channels(2700).length, 0)
})
