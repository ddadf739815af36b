import fc from 'fast-check'
import t from 'tap'
import { type CheckedTransport, StreamRig } from '../../support/stream-rig.ts'

/** The system under test and those who follow it; the transports check every delivery, gap and cursor themselves. */
interface World {
  readonly rig: StreamRig
  readonly open: CheckedTransport[]
}

type Step = (world: World) => void

const CHANNELS = ['a', 'b', 'c:d', 'c:e']
const SUBSCRIPTIONS = [...CHANNELS, '*', 'c:*', '**']

const some = fc.nat(1000)
const channels = fc.subarray(SUBSCRIPTIONS, { minLength: 1 })

/** What can happen, each as often as its weight. */
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 5 }).map(
      (published): Step =>
        ({ rig }) => {
          for (const channel of published) rig.log.add(channel)
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...CHANNELS), fc.integer({ min: 1, max: 2_000 })).map(
      ([channel, ttl]): Step =>
        ({ rig }) =>
          rig.log.add(channel, rig.clock.now() + ttl),
    ),
  },
  { weight: 6, arbitrary: fc.constant<Step>(({ rig }) => rig.log.bring()) },
  { weight: 5, arbitrary: fc.constant<Step>(({ rig }) => rig.log.arrive()) },
  { weight: 1, arbitrary: fc.constant<Step>(({ rig }) => rig.log.arrive('failure')) },
  { weight: 5, arbitrary: fc.constant<Step>(({ rig }) => rig.clock.turn()) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 700 }).map(
      (ms): Step =>
        ({ rig }) =>
          rig.clock.pass(ms),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>(({ rig }) => rig.log.recreate()) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 12 }).map(
      (count): Step =>
        ({ rig }) =>
          rig.log.retain(count),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(channels, some, fc.integer({ min: 1, max: 4 })).map(
      ([chosen, where, room]): Step =>
        ({ rig, open }) => {
          if (open.length < 6) open.push(rig.subscribe(chosen, where % (rig.log.last + 1), room))
        },
    ),
  },
  {
    weight: 4,
    arbitrary: some.map((which): Step => one(which, (transport) => (transport.fillsUp = !transport.fillsUp))),
  },
  { weight: 4, arbitrary: some.map((which): Step => one(which, (transport) => transport.drain())) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(some, channels, fc.constantFrom('subscribe', 'unsubscribe'))
      .map(
        ([which, chosen, type]): Step =>
          one(which, (transport) => transport.events.received({ type, channels: chosen })),
      ),
  },
  {
    // It comes back with the cursor it has, on a connection with another room.
    weight: 3,
    arbitrary: fc.tuple(some, fc.integer({ min: 1, max: 4 })).map(
      ([which, room]): Step =>
        ({ rig, open }) => {
          const index = which % Math.max(open.length, 1)
          const transport = open[index]
          if (!transport) return
          transport.check()
          transport.close()
          open[index] = rig.subscribe([...transport.channels], transport.cursor, room)
        },
    ),
  },
)

function one(which: number, act: (transport: CheckedTransport) => void): Step {
  return ({ open }) => {
    const transport = open[which % Math.max(open.length, 1)]
    if (transport) act(transport)
  }
}

t.test(
  'every subscriber ends with exactly what was published after its cursor, in order, once',
  async (t) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.array(step, { maxLength: 120, size: 'max' }),
        (windowEntries, steps) => {
          const world: World = { rig: new StreamRig(windowEntries), open: [] }
          for (const act of steps) {
            act(world)
            for (const transport of world.open) transport.check()
          }
          world.rig.settle(world.open)
          for (const transport of world.open) transport.checkComplete()
        },
      ),
      { numRuns: 4_000 },
    )
    t.pass('in 4,000 random runs')
  },
)
