import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect, headers, nanos } from '@nats-io/transport-node'
import t from 'tap'
import type { Bounds } from '../../src/log/log.ts'
import { StreamMisfit } from '../../src/log/nats/stream.ts'
import { draft, EVERYTHING } from '../contract/log/harness.ts'
import { type FaultProxy, startFaultProxy, whileCutOff } from '../support/fault-proxy.ts'
import { freePort, noReset, openLog, startNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const server = await startNats(t)
const servers = [server.url]
const nc = await connect({ servers })
t.teardown(() => nc.close())
const jsm = await jetstreamManager(nc)

/**
 * Deletes a stream while its log can't reach it: a log makes it anew as soon as it is gone, and nats-server 2.9 may then still be removing
 * the files of the old one, in the same directory.
 */
function deleteBehind(proxy: FaultProxy, stream: string): Promise<void> {
  return whileCutOff(proxy, () => jsm.streams.delete(stream))
}

t.test('five instances that start at once make one stream', async (t) => {
  const logs = Array.from({ length: 5 }, () => openLog(t, { servers, name: 'five' }))
  await Promise.all(logs.map((log) => log.ready))
  const bounds = await Promise.all(logs.map((log) => log.bounds()))
  t.equal(new Set(bounds.map(({ epoch }) => epoch)).size, 1)
  t.strictSame((await jsm.streams.info('five')).config.subjects, ['five.log.>'])
})

t.test('a stream that can not hold the log is refused with what is wrong with it', async (t) => {
  const wrong: [Partial<StreamConfig>, RegExp][] = [
    [{ storage: 'memory' }, /storage is "memory", not "file"/],
    [{ retention: 'interest' }, /retention is "interest", not "limits"/],
    [{ discard: 'new' }, /discard is "new", not "old"/],
    [{ max_msgs_per_subject: 1 }, /max_msgs_per_subject is 1, not -1/],
    [{ max_msgs: 100 }, /max_msgs is 100, not -1/],
    [{ max_msg_size: 1000 }, /max_msg_size is 1000, not -1/],
    [{ no_ack: true }, /no_ack is true, not false/],
    [{ subjects: ['else.>'] }, /subjects is \["else\.>"\], not \["misfit\.log\.>"\]/],
    [{ subjects: [], sources: [{ name: 'other' }] }, /sources is set/],
  ]
  await jsm.streams.add({ name: 'other', subjects: ['other'] })
  for (const [config, message] of wrong) {
    await jsm.streams.add({ name: 'misfit', subjects: ['misfit.log.>'], ...config })
    const log = openLog(t, { servers, name: 'misfit', appendTimeout: 100 })
    await t.rejects(log.ready, { name: 'StreamMisfit', message })
    await t.rejects(log.append([draft('a')]), { name: 'LogUnavailable' }, 'and nothing is stored in it')
    await log.close()
    await jsm.streams.delete('misfit')
  }
})

t.test('replicas that the server can not keep are refused', async (t) => {
  await t.rejects(openLog(t, { servers, name: 'three', replicas: 3 }).ready, StreamMisfit)
})

t.test('subjects that belong to another stream are the reason why the log is not ready', async (t) => {
  await jsm.streams.add({ name: 'elsewhere', subjects: ['taken.log.a'] })
  const log = openLog(t, { servers, name: 'taken' })
  await until('the reason is known', () =>
    log.bounds().then(
      () => false,
      (error: Error) => /overlap/.test(error.message),
    ),
  )
  await jsm.streams.delete('elsewhere')
  await t.resolves(log.ready)
})

t.test('changed limits are changed in place', async (t) => {
  const first = openLog(t, { servers, name: 'limits' })
  await first.ready
  await first.append([draft('a')])
  const before = await first.bounds()
  const changed = { retentionSeconds: 60, retentionBytes: 1_000_000, idempotencySeconds: 30 }
  const second = openLog(t, { servers, name: 'limits', ...changed })
  await second.ready
  t.match((await jsm.streams.info('limits')).config, {
    max_age: nanos(60_000),
    max_bytes: 1_000_000,
    duplicate_window: nanos(30_000),
  })
  t.strictSame(await second.bounds(), before)
})

t.test('when the stream is made anew the tail says so, and goes on from its beginning', async (t) => {
  const proxy = await startFaultProxy(t, server.port)
  const log = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`], name: 'anew', appendTimeout: 10_000 })
  await log.ready
  await log.append([draft('a'), draft('a')])
  const old = await log.bounds()
  const ids: string[] = []
  const epochs: Bounds[] = []
  log.tail(
    old.last,
    (batch) => ids.push(...batch.map(({ id }) => id)),
    (bounds) => epochs.push(bounds),
  )
  const before = draft('a')
  await log.append([before])
  await until('the tail is there', () => ids.includes(before.id))

  await deleteBehind(proxy, 'anew')
  const anew = draft('a')
  await log.append([anew])
  await until('the tail has it', () => ids.includes(anew.id))
  t.strictSame(ids, [before.id, anew.id])
  t.equal(epochs.length, 1)
  const { epoch } = await log.bounds()
  t.not(epoch, old.epoch)
  t.equal(epochs[0]?.epoch, epoch)
})

t.test('a tail that is stopped when it hears that the stream is another one stays stopped', async (t) => {
  const proxy = await startFaultProxy(t, server.port)
  const log = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`], name: 'stopped' })
  await log.ready
  const { last } = await log.bounds()
  const seen: string[] = []
  let isReset = false
  const stop = log.tail(
    last,
    (batch) => seen.push(...batch.map(({ id }) => id)),
    () => {
      isReset = true
      stop()
    },
  )
  const other: string[] = []
  log.tail(
    last,
    (batch) => other.push(...batch.map(({ id }) => id)),
    () => {},
  )
  const consumers = async () => (await jsm.consumers.list('stopped').next()).length
  await until('both have a consumer', async () => (await consumers()) === 2)
  await deleteBehind(proxy, 'stopped')
  await until('it is reset', () => isReset)
  await log.append([draft('a')])
  await until('the other tail has it', () => other.length === 1)
  await until('the stopped one has no consumer', async () => (await consumers()) === 1, 15)
  t.strictSame(seen, [])
})

t.test('what retention took while NATS could not be reached is told before anything new comes', async (t) => {
  const proxy = await startFaultProxy(t, server.port)
  const near = openLog(t, { servers, name: 'outage' })
  const far = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`], name: 'outage' })
  await Promise.all([near.ready, far.ready])
  const positions: number[] = []
  const resets: Bounds[] = []
  far.tail(
    0,
    (batch) => positions.push(...batch.map(({ position }) => position)),
    (bounds) => resets.push(bounds),
  )
  await near.append([draft('a')])
  await until('the tail has the first', () => positions.length === 1)
  proxy.fault = 'refuse'
  proxy.cut()
  await near.append([draft('a'), draft('a')])
  await jsm.streams.purge('outage')
  proxy.fault = 'pass'
  await until('it is told', () => resets.length === 1)
  t.match(resets, [{ first: 4, last: 3 }])
  await near.append([draft('a')])
  await until('the tail has the next', () => positions.length === 2)
  t.strictSame(positions, [1, 4])
  t.equal(resets.length, 1)
})

t.test('a hole in what the tail gets is seen and filled', async (t) => {
  const proxy = await startFaultProxy(t, server.port)
  const log = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`], name: 'hole' })
  await log.ready
  const ids: string[] = []
  log.tail(0, (batch) => ids.push(...batch.map(({ id }) => id)), noReset)
  const drafts = [draft('a'), draft('a'), draft('a')]
  await log.append(drafts.slice(0, 1))
  await until('the first has come', () => ids.length === 1)
  // The second delivery says that it is the third.
  proxy.rewrite = (bytes) => {
    const text = bytes.toString('latin1')
    return Buffer.from(text.replace(/(\$JS\.ACK\.hole\.\w+\.1\.2\.)2/g, '$13'), 'latin1')
  }
  await log.append(drafts.slice(1, 2))
  await log.append(drafts.slice(2))
  await until('all have come', () => ids.length === 3)
  t.strictSame(
    ids,
    drafts.map(({ id }) => id),
  )
  t.equal((await jsm.consumers.list('hole').next()).length, 2, 'from another consumer')
})

t.test(
  'when the server says that the tail has missed something, or has no consumer, it gets another',
  async (t) => {
    const log = openLog(t, { servers, name: 'word' })
    await log.ready
    log.tail(0, () => {}, noReset)
    const newest = async () =>
      (await jsm.consumers.list('word').next()).sort((a, b) => a.created.localeCompare(b.created)).at(-1)
    const heartbeat = headers(100, 'Idle Heartbeat')
    heartbeat.append('Nats-Last-Consumer', '77')
    for (const word of [heartbeat, headers(409, 'Consumer Deleted')]) {
      await until('there is a consumer', async () => (await newest()) !== undefined)
      const before = await newest()
      nc.publish(before?.config.deliver_subject ?? '', '', { headers: word })
      await until('there is another', async () => (await newest())?.name !== before?.name, 3)
    }
  },
)

t.test(
  'when answers take long, a tail and a read come all the same, and leave no consumers behind',
  async (t) => {
    const proxy = await startFaultProxy(t, server.port)
    const near = openLog(t, { servers, name: 'far' })
    const far = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`], name: 'far' })
    await Promise.all([near.ready, far.ready])
    const drafts = Array.from({ length: 50 }, () => draft('a'))
    await near.append(drafts)
    proxy.delay = 170
    const ids: string[] = []
    far.tail(0, (batch) => ids.push(...batch.map(({ id }) => id)), noReset)
    await until('the tail has all', () => ids.length === 50, 5)
    t.strictSame(
      ids,
      drafts.map(({ id }) => id),
    )
    t.equal((await far.read(EVERYTHING, 0, 100)).notifications.length, 50)
    const consumers = async () => (await jsm.consumers.list('far').next()).length
    await until('only the consumer of the tail is left', async () => (await consumers()) === 1, 15)
  },
)

t.test('what others publish on the subjects is no notification', async (t) => {
  const log = openLog(t, { servers, name: 'foreign' })
  await log.ready
  const ids: string[] = []
  log.tail(0, (batch) => ids.push(...batch.map(({ id }) => id)), noReset)
  const known = [draft('a'), draft('a')]
  await log.append(known.slice(0, 1))
  nc.publish('foreign.log.a', 'no header')
  await nc.flush()
  await log.append(known.slice(1))
  await until('the tail is through', () => ids.length === 2)
  t.strictSame(
    ids,
    known.map(({ id }) => id),
  )
  const page = await log.read(EVERYTHING, 0, 10)
  t.strictSame(
    page.notifications.map(({ id }) => id),
    ids,
  )
  t.equal(page.through, 3)
})

t.test('while NATS can not be reached every call says why, and the log is ready when it can', async (t) => {
  const port = await freePort()
  const late = openLog(t, { servers: [`nats://127.0.0.1:${port}`], appendTimeout: 300 })
  await until('the reason is known', () =>
    late.bounds().then(
      () => false,
      ({ name, message }: Error) => name === 'LogUnavailable' && message === 'NATS: connection refused',
    ),
  )
  await t.rejects(late.append([draft('a')]), { name: 'LogUnavailable' })
  await t.rejects(late.read(EVERYTHING, 0, 1), { name: 'LogUnavailable' })
  await t.rejects(late.newest(EVERYTHING, 1), { name: 'LogUnavailable' })
  const ids: string[] = []
  late.tail(0, (batch) => ids.push(...batch.map(({ id }) => id)), noReset)
  await startNats(t, { port })
  await late.ready
  const one = draft('a')
  await late.append([one])
  await until('the tail has it', () => ids.includes(one.id))
})
