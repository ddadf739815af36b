import fc from 'fast-check'
import t from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { Subscriptions } from '../../../src/stream/subscriptions.ts'

const segments = (of: string[]) => fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: 4 })
const name = segments(['a', 'b', '$']).map((all) => all.join(':'))
const pattern = fc
  .tuple(segments(['a', 'b', '*']), fc.boolean())
  .map(([all, open]) => (open ? [...all, '**'] : all).join(':'))
const channels = fc.array(fc.oneof(name, pattern, fc.constant('**')), { maxLength: 4 })

t.test(
  'whoever has subscribed to a channel or a pattern of it is visited and counted, no one else',
  async (t) => {
    const change = fc.record({ who: fc.nat(3), add: fc.boolean(), channels })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), name, (changes, channel) => {
        const subscriptions = new Subscriptions<number>()
        const sets = new Map<number, ChannelSet>()
        for (const { who, add, channels } of changes) {
          const set = sets.get(who) ?? new ChannelSet([])
          sets.set(who, add ? set.with(channels) : set.without(channels))
          if (add) subscriptions.add(who, new ChannelSet(channels))
          else subscriptions.remove(who, new ChannelSet(channels))
        }
        const visited = new Set<number>()
        subscriptions.visit(channel, (who) => visited.add(who))
        const expected = [...sets].filter(([, set]) => set.has(channel)).map(([who]) => who)
        const found = [...visited].sort().join() === expected.sort().join()
        return found && subscriptions.count(channel) === expected.length
      }),
      { numRuns: 2_000 },
    )
    t.pass('in 2,000 random runs')
  },
)
