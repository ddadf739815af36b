import t from 'tap'
import { type CheckedTransport, StreamRig } from '../../support/stream-rig.ts'

/** What can happen to one subscriber to `a`, among notifications on `a` and on another channel, in any order. */
const STEPS: Record<string, (rig: StreamRig, transport: CheckedTransport) => void> = {
  'a notification on its channel': ({ log }) => log.add('a'),
  'a notification on another channel': ({ log }) => log.add('b'),
  'the tail brings': ({ log }) => log.bring(),
  'a page of the log arrives': ({ log }) => log.arrive(),
  'a turn of the event loop': ({ clock }) => clock.turn(),
  'it fills up, or empties': (_, transport) => {
    transport.fillsUp = !transport.full
    transport.drain()
  },
}

/** All sequences of `length` steps. */
function* sequences(length: number): Generator<string[]> {
  if (length === 0) {
    yield []
    return
  }
  for (const head of sequences(length - 1)) for (const step of Object.keys(STEPS)) yield [...head, step]
}

/** Where the subscriber begins, in a log of 6 of which the window holds 2, and how much one write may bring. */
const BEGINNINGS = [
  { title: 'in the log', after: 0, room: 2 },
  { title: 'at the edge of the window', after: 4, room: 2 },
  { title: 'at the head', after: 6, room: 1 },
  { title: 'ahead of what the instance has seen', after: 7, room: 2 },
]

for (const { title, after, room } of BEGINNINGS) {
  t.test(
    `a subscriber that begins ${title} gets everything once, whatever happens in which order`,
    async (t) => {
      let runs = 0
      for (const steps of sequences(6)) {
        const rig = new StreamRig(2)
        for (const channel of ['a', 'b', 'a', 'a', 'b', 'a']) rig.log.add(channel)
        rig.log.bring()
        if (after > rig.log.last) rig.log.add('a')
        const transport = rig.subscribe(['a'], after, room)
        try {
          for (const step of steps) {
            STEPS[step]?.(rig, transport)
            transport.check()
          }
          rig.settle([transport])
          transport.check()
          const wanted = rig.log.notifications.filter(
            ({ channel, position }) => channel === 'a' && position > after,
          )
          if (transport.delivered.join() !== wanted.map(({ position }) => position).join()) {
            throw new Error(`it ended with ${transport.delivered}`)
          }
        } catch (error) {
          t.fail(`after ${steps.join(', then ')}: ${error}`)
          return
        }
        runs++
      }
      t.equal(runs, Object.keys(STEPS).length ** 6)
    },
  )
}

t.test('a subscriber at the head is live at once, without a read of the log', async (t) => {
  const rig = new StreamRig(10)
  const transport = rig.subscribe(['a'], 0)
  rig.log.add('a')
  rig.log.bring()
  t.strictSame(transport.delivered, [1])
  t.equal(rig.log.reads, 0)
})

t.test('a subscriber that the window reaches back to is served without a read of the log', async (t) => {
  const rig = new StreamRig(10)
  for (let i = 0; i < 8; i++) rig.log.add('a')
  rig.log.bring()
  const transport = rig.subscribe(['a'], 3, 2)
  for (let i = 0; i < 3; i++) rig.clock.turn()
  t.strictSame(transport.delivered, [4, 5, 6, 7, 8])
  t.equal(rig.log.reads, 0)
})

t.test('what one turn brings is written at once, and no more than a write may bring', async (t) => {
  const rig = new StreamRig(10)
  const transport = rig.subscribe(['a', '*'], 0, 3)
  let writes = 0
  const deliver = transport.deliver.bind(transport)
  transport.deliver = (batch) => {
    writes++
    return deliver(batch)
  }
  for (let i = 0; i < 3; i++) rig.log.add('a')
  rig.log.bring()
  t.equal(writes, 1)
  for (let i = 0; i < 7; i++) rig.log.add('a')
  rig.log.bring()
  t.strictSame(transport.delivered, [1, 2, 3, 4, 5, 6], 'the rest in turns of their own')
  rig.settle([transport])
  t.equal(writes, 4)
  t.equal(transport.delivered.length, 10)
})

t.test('a log that fails is asked again, and the cursor stands still meanwhile', async (t) => {
  const rig = new StreamRig(1)
  for (let i = 0; i < 5; i++) rig.log.add('a')
  rig.log.bring()
  const transport = rig.subscribe(['a'], 0)
  rig.log.arrive('failure')
  t.equal(transport.cursor, 0)
  rig.clock.pass(500)
  t.equal(rig.log.reads, 1, 'asked again')
  rig.settle([transport])
  t.strictSame(transport.delivered, [1, 2, 3, 4, 5])
})

t.test('a read that got no further is tried again after a while, and not in the next turn', async (t) => {
  const rig = new StreamRig(1)
  for (let i = 0; i < 5; i++) rig.log.add('a')
  rig.log.bring()
  const read = rig.log.read.bind(rig.log)
  rig.log.read = (_channels, after) => Promise.resolve({ notifications: [], through: after, gap: false })
  const transport = rig.subscribe(['a'], 0)
  await new Promise(setImmediate)
  t.equal(rig.clock.deferred, 0, 'it does not spin')
  t.equal(rig.clock.timers, 2, 'its heartbeat, and the wait')
  rig.log.read = read
  rig.clock.pass(499)
  t.equal(rig.log.reads, 0)
  rig.clock.pass(1)
  t.equal(rig.log.reads, 1, 'asked again')
  rig.settle([transport])
  t.strictSame(transport.delivered, [1, 2, 3, 4, 5])
})

t.test('what retention has taken is told by a gap, and what it left follows', async (t) => {
  const rig = new StreamRig(1)
  for (let i = 0; i < 6; i++) rig.log.add(i % 2 ? 'b' : 'a')
  rig.log.bring()
  rig.log.retain(3)
  const transport = rig.subscribe(['a'], 1)
  rig.settle([transport])
  t.equal(transport.gaps, 1)
  t.strictSame(transport.delivered, [5])
})

t.test('a page that was read for another set of channels is read again', async (t) => {
  const rig = new StreamRig(1)
  for (const channel of ['a', 'b', 'c', 'a', 'b', 'c']) rig.log.add(channel)
  rig.log.bring()
  const transport = rig.subscribe(['a', 'b'], 0)
  transport.events.received({ type: 'subscribe', channels: ['c'] })
  transport.events.received({ type: 'unsubscribe', channels: ['a'] })
  rig.settle([transport])
  t.strictSame(transport.delivered, [2, 3, 5, 6])
})

t.test('a subscriber that is gone gets nothing more, though a read was under way', async (t) => {
  const rig = new StreamRig(1)
  for (let i = 0; i < 5; i++) rig.log.add('a')
  rig.log.bring()
  const transport = rig.subscribe(['a'], 0)
  transport.close()
  rig.log.arrive()
  rig.log.add('a')
  rig.log.bring()
  rig.clock.pass(60_000)
  t.strictSame(transport.delivered, [])
  t.equal(rig.hub.subscribers.length, 0)
  t.equal(rig.clock.timers, 0)
})

t.test('a subscriber that is ahead of the instance waits for the tail, and for nothing else', async (t) => {
  const rig = new StreamRig(10)
  rig.log.add('a')
  rig.log.add('a')
  const transport = rig.subscribe(['a'], 1)
  t.equal(rig.clock.deferred, 0, 'it does not spin')
  t.equal(rig.log.reads, 0)
  rig.log.bring()
  t.strictSame(transport.delivered, [2])
})

t.test('when the tail falls behind retention, subscribers are told by a gap what they missed', async (t) => {
  const rig = new StreamRig(10)
  const [live, other] = [rig.subscribe(['a'], 0), rig.subscribe(['b'], 0)]
  for (let i = 0; i < 9; i++) rig.log.add('a')
  rig.log.retain(3)
  rig.settle([live, other])
  t.strictSame(live.delivered, [7, 8, 9])
  t.equal(live.gaps, 1)
  t.equal(other.gaps, 1, 'what was on its channels is not known any more')
})

t.test('when the log is another one, every subscriber is told, and gets all of the new one', async (t) => {
  const rig = new StreamRig(10)
  const transport = rig.subscribe(['a'], 0)
  for (let i = 0; i < 4; i++) rig.log.add('a')
  rig.log.bring()
  rig.log.recreate()
  rig.log.add('a')
  rig.log.bring()
  t.strictSame(transport.delivered, [1, 2, 3, 4, 1])
  t.equal(transport.gaps, 1)
  t.equal(rig.log.reads, 0)
})
