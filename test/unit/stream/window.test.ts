import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { Entry } from '../../../src/stream/entry.ts'
import { Window } from '../../../src/stream/window.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const ROOM = { count: 100, bytes: 1_000 }

function entry(position: number, channel: string, data = '1', expires?: number): Entry {
  return new Entry('w', {
    position,
    channel,
    id: 'n',
    time: 0,
    data,
    ...(expires === undefined ? {} : { expires }),
  })
}

function filled(limit = 1_000_000): Window {
  const window = new Window(limit, 10)
  window.append([entry(11, 'a'), entry(12, 'b'), entry(15, 'a'), entry(16, 'c')])
  return window
}

const positions = (window: Window, channels: string[], after: number, room = ROOM, now = 0) => {
  const { entries, through } = window.read(new ChannelSet(channels), after, room, now)
  return { got: entries.map(({ position }) => position), through }
}

t.test('a window reaches from where it started to its head', async (t) => {
  const window = filled()
  t.equal(window.head, 16)
  t.notOk(window.covers(9))
  t.ok(window.covers(10))
  t.ok(window.covers(16))
})

t.test(
  'a read finds what is on the channels after the position, and has looked as far as the head',
  async (t) => {
    const window = filled()
    t.strictSame(positions(window, ['a'], 10), { got: [11, 15], through: 16 })
    t.strictSame(positions(window, ['a', 'b'], 11), { got: [12, 15], through: 16 })
    t.strictSame(positions(window, ['*'], 12), { got: [15, 16], through: 16 })
    t.strictSame(positions(window, ['d'], 10), { got: [], through: 16 })
    t.strictSame(positions(window, ['a'], 16), { got: [], through: 16 })
  },
)

t.test('a read brings no more than there is room for, and says how far it got', async (t) => {
  const window = filled()
  t.strictSame(positions(window, ['a', 'b'], 10, { count: 2, bytes: 1_000 }), { got: [11, 12], through: 12 })
  t.strictSame(positions(window, ['**'], 10, { count: 3, bytes: 1_000 }), { got: [11, 12, 15], through: 15 })
  t.strictSame(positions(window, ['a'], 10, { count: 9, bytes: 1 }), { got: [11], through: 11 })
  window.append([entry(20, 'a', '"too large for the room"')])
  t.strictSame(positions(window, ['a'], 16, { count: 9, bytes: 1 }), { got: [20], through: 20 })
})

t.test('what has expired is passed over', async (t) => {
  const window = filled()
  window.append([entry(17, 'a', '1', 500), entry(18, 'a')])
  t.strictSame(positions(window, ['a'], 15, ROOM, 499), { got: [17, 18], through: 18 })
  t.strictSame(positions(window, ['a'], 15, ROOM, 500), { got: [18], through: 18 })
})

t.test('beyond its bound the oldest go, and the window says so', async (t) => {
  const weight = entry(1, 'a').weight
  const window = filled(weight * 3)
  t.notOk(window.covers(10))
  t.ok(window.covers(11))
  t.strictSame(positions(window, ['**'], 11), { got: [12, 15, 16], through: 16 })
  for (let position = 17; position < 1_000; position++) window.append([entry(position, 'b')])
  t.strictSame(positions(window, ['**'], 996), { got: [997, 998, 999], through: 999 })
  t.strictSame(positions(window, ['a'], 996), { got: [], through: 999 })
  t.notOk(window.covers(995))
})

t.test('what is made of its notifications in several formats counts, and the oldest go for it', async (t) => {
  const weight = entry(1, 'a').weight
  const window = new Window(weight * 4, 0)
  const entries = [1, 2, 3, 4].map((position) => entry(position, 'a'))
  window.append(entries)
  const encoder = (length: number) => ({ encode: () => Buffer.alloc(length) })
  entries[3]?.bytes(encoder(500))
  t.equal(window.weight, weight * 4, 'so much is reckoned with')
  entries[3]?.bytes(encoder(500))
  t.ok(window.weight <= weight * 4)
  t.strictSame(positions(window, ['a'], 1), { got: [2, 3, 4], through: 4 })
  t.notOk(window.covers(0))
  const before = window.weight
  entries[0]?.bytes(encoder(5_000))
  t.equal(window.weight, before, 'what is gone does not count')
  for (const position of [5, 6, 7, 8]) window.append([entry(position, 'a')])
  t.equal(window.weight, weight * 4, 'what has grown goes with all that it has')
})

t.test('what has gone from a window is held no more, however much is in it still', async (t) => {
  const window = new Window(entry(1, 'a').weight * 8, 0)
  const append = (position: number) => {
    const added = entry(position, 'a')
    window.append([added])
    return new WeakRef(added)
  }
  const entries = Array.from({ length: 10 }, (_, i) => append(i + 1))
  t.equal(window.length, 8)
  // What has been looked at in this turn is not collected in it.
  await nextTurn()
  collectGarbage()
  t.strictSame(
    entries.map((reference) => reference.deref() === undefined),
    entries.map((_, i) => i < 2),
  )
})
