import t from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { Subscriber } from '../../../src/stream/subscriber.ts'
import { ALL_ACCESS, CheckedTransport, StreamRig } from '../../support/stream-rig.ts'

const MAX_AGE_MS = 3_600_000
const GRACE_MS = 5_000

/** A connection that is gone only when it is dropped: its peer takes nothing more. */
class LingeringTransport extends CheckedTransport {
  closes = 0
  aborts = 0

  override close(): void {
    this.closes++
  }

  override abort(): void {
    this.aborts++
    this.events.closed()
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
