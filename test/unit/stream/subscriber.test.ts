import t from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import type { ControlMessage } from '../../../src/protocol/messages.ts'
import type { Access } from '../../../src/stream/access.ts'
import { Subscriber } from '../../../src/stream/subscriber.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ALL_ACCESS, CheckedTransport, StreamRig } from '../../support/stream-rig.ts'

const START = new ManualClock().now()
const HEARTBEAT_MS = 15_000
const MAX_AGE_MS = 3_600_000
const GRACE_MS = 5_000

/** A connection that is gone only when it is dropped: its peer takes nothing more. */
class LingeringTransport extends CheckedTransport {
  closes = 0
  aborts = 0
  readonly sent: ControlMessage[] = []

  override send(message: ControlMessage): void {
    this.sent.push(message)
    super.send(message)
  }

  override close(): void {
    this.closes++
  }

  override abort(): void {
    this.aborts++
    this.events.closed('gone')
  }
}

function lingering(random?: () => number, access = ALL_ACCESS) {
  const rig = new StreamRig(100)
  const channels = new ChannelSet(['a', 'b:*'])
  const transport = new LingeringTransport(rig.log, rig.clock, channels, 0, 4)
  const limits = { maxChannels: 100, maxAgeMs: MAX_AGE_MS }
  const subscriber = new Subscriber(rig.hub, transport, { channels, after: 0, access }, limits, random)
  subscriber.open()
  return { rig, transport, subscriber }
}

t.test('what answers once takes what the turn still brings with what is there', async (t) => {
  for (const answersOnce of [true, false]) {
    const rig = new StreamRig(100)
    rig.log.add('a')
    rig.log.bring()
    rig.clock.turn()
    const channels = new ChannelSet(['a'])
    const transport = Object.assign(new CheckedTransport(rig.log, rig.clock, channels, 0, 4), { answersOnce })
    const limits = { maxChannels: 100, maxAgeMs: MAX_AGE_MS }
    new Subscriber(rig.hub, transport, { channels, after: 0, access: ALL_ACCESS }, limits).open()
    const atOnce = transport.delivered.length
    rig.log.add('a')
    rig.log.bring()
    rig.clock.turn()
    t.equal(atOnce, answersOnce ? 0 : 1)
    t.equal(transport.delivered.length, 2)
  }
})

t.test('once a stream is being closed nothing more is delivered, and nobody finds it', async (t) => {
  const { rig, transport, subscriber } = lingering()
  subscriber.close('draining')
  rig.log.add('a')
  rig.log.add('b:1')
  rig.log.bring()
  rig.clock.turn()
  t.strictSame(transport.delivered, [])
  t.equal(rig.hub.subscribers.length, 0)
})

t.test(
  'a peer that does not let itself be closed is dropped after a grace, however often it is tried',
  async (t) => {
    const { rig, transport, subscriber } = lingering()
    subscriber.close('draining')
    rig.clock.pass(GRACE_MS - 1)
    subscriber.close('max-age')
    t.strictSame([transport.closes, transport.aborts], [1, 0])
    rig.clock.pass(1)
    t.equal(transport.aborts, 1)
    t.equal(rig.clock.timers, 0)
  },
)

t.test('a stream is closed before it is too old, a tenth earlier by chance', async (t) => {
  for (const [chance, age] of [
    [0, MAX_AGE_MS],
    [0.5, MAX_AGE_MS * 0.95],
  ] as const) {
    const { rig, transport } = lingering(() => chance)
    rig.clock.pass(age - 1)
    t.equal(transport.closes, 0, `${chance}: not before`)
    rig.clock.pass(1)
    t.equal(transport.closes, 1, `${chance}: at the heartbeat then`)
  }
})

t.test('a stream has a timer for its expiry only in the last heartbeat before it', async (t) => {
  for (const [ms, timers] of [
    [HEARTBEAT_MS, 2],
    [HEARTBEAT_MS + 1, 1],
    [2 ** 32, 1],
    [Number.POSITIVE_INFINITY, 1],
  ] as const) {
    const { rig, transport } = lingering(undefined, { ...ALL_ACCESS, expires: START + ms })
    t.equal(rig.clock.timers, timers, `${ms} ms`)
    if (ms > MAX_AGE_MS) continue
    rig.clock.pass(ms - 1)
    t.equal(transport.closes, 0)
    rig.clock.pass(1)
    t.match(transport.sent.at(-1), { type: 'bye', reason: 'token-expired', retryAfter: 0 })
    t.equal(transport.closes, 1)
  }
})

t.test('a stream whose access has run out before it began ends at once', async (t) => {
  const { transport } = lingering(undefined, { ...ALL_ACCESS, expires: START })
  t.strictSame(
    transport.sent.map(({ type }) => type),
    ['ready', 'bye'],
  )
})

t.test('what waits for a token when the stream ends is dropped', async (t) => {
  let give: (access: Access) => void = () => {}
  const fresh = new Promise<Access>((resolve) => {
    give = resolve
  })
  const { rig, transport } = lingering(undefined, { ...ALL_ACCESS, renew: () => fresh })
  transport.events.received({ type: 'token', token: 'x' })
  transport.events.received({ type: 'subscribe', channels: ['c'] })
  transport.abort()
  give({ ...ALL_ACCESS, expires: START + 1 })
  // In a later turn everything that was to come of it has.
  await new Promise(setImmediate)
  t.strictSame(
    transport.sent.map(({ type }) => type),
    ['ready'],
  )
  t.equal(rig.clock.timers, 0)
})

t.test('a stream whose token is revoked is ended when that is looked at, and only then', async (t) => {
  let isRevoked = false
  const { transport, subscriber } = lingering(undefined, { ...ALL_ACCESS, isRevoked: () => isRevoked })
  subscriber.review()
  t.equal(transport.closes, 0)
  isRevoked = true
  subscriber.review()
  subscriber.review()
  t.equal(transport.closes, 1)
})

t.test(
  'a token that is revoked while its stream is opened, or while it is looked at, opens nothing',
  async (t) => {
    const revoked = { ...ALL_ACCESS, isRevoked: () => true }
    t.equal(lingering(undefined, revoked).transport.closes, 1)
    const { transport, subscriber } = lingering()
    t.equal(transport.closes, 0)
    subscriber.access = revoked
    t.equal(transport.closes, 1)
  },
)
