import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import t from 'tap'
import { parseCursor } from '../../src/protocol/cursor.ts'
import { startFaultProxy, whileCutOff } from '../support/fault-proxy.ts'
import { followEverywhere } from '../support/follower.ts'
import { startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

/** Deletes the log's stream, and makes one like it at once, as an operator might. */
async function recreateStream(servers: string): Promise<void> {
  const nc = await connect({ servers })
  try {
    const jsm = await jetstreamManager(nc)
    const { config } = await jsm.streams.info('tidings')
    await jsm.streams.delete('tidings')
    await jsm.streams.add(config)
  } finally {
    await nc.close()
  }
}

t.test('clients are told of a new log that takes the place of theirs, and get all of it', async (t) => {
  const nats = await startNats(t)
  const proxy = await startFaultProxy(t, nats.port)
  const instances = await startInstances(t, 2, `nats://127.0.0.1:${proxy.port}`)
  const followers = followEverywhere(t, instances)
  const before = startTraffic(t, instances)
  await until('everybody gets notifications', () => followers.every(({ received }) => received.length > 50))
  await before.stop()
  // Else they may make it themselves, while nats-server 2.9 is still removing the old one's files from the same directory.
  await whileCutOff(proxy, () => recreateStream(nats.url))
  const traffic = startTraffic(t, instances)
  await until('everybody is told', () => followers.every(({ gaps }) => gaps.length > 0), 30)
  await until('and gets notifications', () => followers.every(({ received }) => received.length > 200), 30)
  await traffic.stop()

  const log = [...traffic.acknowledged].sort((a, b) => a.position - b.position)
  const end = log.at(-1)?.position ?? Number.NaN
  await until('all have come to the end', () => followers.every(({ position }) => position >= end), 30)
  for (const { name, gaps, channels, received, streams } of followers) {
    t.match(gaps, [{ reason: 'epoch' }], `${name}: it is told of another log`)
    t.equal(gaps.length, 1, 'once')
    t.equal(streams, 1, 'and need not come back')
    const epoch = parseCursor(gaps[0]?.cursor ?? '')?.epoch
    const place = ({ id, cursor }: { id: string; cursor: string }) => ({ id, ...parseCursor(cursor) })
    t.strictSame(
      received.map(place).filter((one) => one.epoch === epoch),
      log.filter(({ channel }) => channels.has(channel)).map(({ id, position }) => ({ id, epoch, position })),
      'it gets all of that, once, in order',
    )
  }
})
