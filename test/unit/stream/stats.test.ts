import t from 'tap'
import { Rates } from '../../../src/stream/rates.ts'
import { startStats } from '../../../src/stream/stats.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { StreamRig } from '../../support/stream-rig.ts'

t.test('connections are those that are open, however they end and however often', async (t) => {
  const rig = new StreamRig(100)
  const { stats } = rig.hub
  const first = rig.subscribe(['a'], 0)
  rig.subscribe(['b'], 0)
  t.same(stats.connections, { websocket: 2, sse: 0, 'long-poll': 0 })
  first.close()
  first.close()
  t.equal(stats.connections.websocket, 1)
})

t.test('a delivery is counted once for each subscriber that gets it', async (t) => {
  const rig = new StreamRig(100)
  const transports = [rig.subscribe(['a'], 0), rig.subscribe(['a'], 0), rig.subscribe(['b'], 0)]
  for (let i = 0; i < 3; i++) rig.log.add('a')
  rig.settle(transports)
  t.equal(rig.hub.stats.delivered.websocket, 6)
  t.equal(rig.hub.stats.delivered.sse, 0)
})

t.test('streams are counted as they come, and by the reason as they go', async (t) => {
  const rig = new StreamRig(100)
  const { stats } = rig.hub
  const [left, drained] = [rig.subscribe(['a'], 0), rig.subscribe(['a'], 0)]
  left.close()
  for (const subscriber of rig.hub.subscribers) subscriber.close('draining')
  drained.close()
  t.equal(stats.opened.websocket, 2)
  t.strictSame(stats.closed.websocket, { gone: 1, draining: 1 })
})

t.test(
  'the lag is that of the oldest of a turn, for each delivery to those who had everything',
  async (t) => {
    const rig = new StreamRig(100)
    const { lag } = rig.hub.stats
    const transport = rig.subscribe(['a'], 0)
    rig.log.add('a')
    rig.clock.pass(200)
    rig.log.add('a')
    rig.log.bring()
    t.equal(transport.delivered.length, 2)
    t.equal(lag.websocket.sum, 0.4, 'twice 0.2 s')
    rig.clock.pass(60_000)
    rig.settle([rig.subscribe(['a'], 0)])
    t.equal(lag.websocket.sum, 0.4, 'who comes late gets what is old')
  },
)

t.test('a connection that takes no more is counted, and shows as long as it does', async (t) => {
  const rig = new StreamRig(100)
  const transport = rig.subscribe(['a'], 0)
  const pace = () => rig.hub.subscribers[0]?.pace
  t.equal(pace(), 'live')
  transport.fillsUp = true
  rig.log.add('a')
  rig.log.bring()
  t.equal(rig.hub.stats.filled.websocket, 1)
  t.equal(pace(), 'blocked')
  rig.settle([transport])
  t.equal(pace(), 'live')
})

t.test('a tail that can not go on where it was is counted by the reason', async (t) => {
  const rig = new StreamRig(100)
  rig.log.recreate()
  t.strictSame(rig.hub.stats.tailResets, { retention: 0, epoch: 1 })
  for (let i = 0; i < 3; i++) rig.log.add('a')
  rig.log.retain(1)
  rig.log.bring()
  t.strictSame(rig.hub.stats.tailResets, { retention: 1, epoch: 1 })
})

t.test('who is behind is counted by where it is served from, and so is a gap', async (t) => {
  const rig = new StreamRig(2)
  for (let i = 0; i < 10; i++) rig.log.add('a')
  rig.log.bring()
  const { stats } = rig.hub
  rig.settle([rig.subscribe(['a'], 10)])
  t.same(
    [stats.windowReads, stats.logReads, stats.gaps.retention],
    [0, 0, 0],
    'who is up to date is not behind',
  )
  rig.settle([rig.subscribe(['a'], 9)])
  t.same([stats.windowReads, stats.logReads], [1, 0], 'the window reaches back far enough')
  rig.log.retain(5)
  rig.settle([rig.subscribe(['a'], 0)])
  t.ok(stats.logReads > 0, 'the log is read for what the window has lost')
  t.same(stats.gaps, { retention: 1, epoch: 0 })
})

t.test('rates are averages over the seconds asked for, or those that there were', async (t) => {
  const clock = new ManualClock()
  const stats = startStats()
  const rates = new Rates(stats, clock)
  t.equal(rates.over(10).published, 0, 'nothing is known yet')
  for (let second = 0; second < 20; second++) {
    stats.published += second < 10 ? 0 : 4
    stats.delivered.sse += second === 19 ? 50 : 0
    clock.pass(1_000)
    if (second === 11) t.equal(rates.over(10).published, 0.8)
  }
  t.same(rates.over(1), { published: 4, delivered: { websocket: 0, sse: 50, 'long-poll': 0 } })
  t.same(rates.over(10), { published: 4, delivered: { websocket: 0, sse: 5, 'long-poll': 0 } })
  rates.close()
  t.equal(clock.timers, 0)
})
