import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import t, { type Test } from 'tap'
import { type Draft, type Log, LogUnavailable, type Notification } from '../../src/log/log.ts'
import type { NatsLog } from '../../src/log/nats/nats.ts'
import { draft, EVERYTHING, readAll } from '../contract/log/harness.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { noReset, openLog, startCluster, startNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** Publishers that go on through every fault, each sending the same again until it is stored. */
interface Traffic {
  /** by id, the positions that were acknowledged */
  readonly acknowledged: ReadonlyMap<string, number>
  /** Resolves when the publishers have ended. */
  stop(): Promise<void>
}

function publish(log: Log, publishers = 20): Traffic {
  const acknowledged = new Map<string, number>()
  let going = true
  const store = async (one: Draft): Promise<number> => {
    while (true) {
      try {
        return (await log.append([one]))[0]?.position ?? 0
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error
      }
    }
  }
  const run = async (): Promise<void> => {
    while (going) {
      const one = draft(`c:${Math.floor(Math.random() * 20)}`)
      acknowledged.set(one.id, await store(one))
    }
  }
  const all = Promise.all(Array.from({ length: publishers }, run))
  return {
    acknowledged,
    async stop() {
      going = false
      await all
    },
  }
}

/** Follows a log, and keeps the longest time without a delivery. */
function follow(log: Log): { readonly seen: Notification[]; longestSilence(): number } {
  const seen: Notification[] = []
  let longest = 0
  let latest = performance.now()
  log.tail(
    0,
    (batch) => {
      seen.push(...batch)
      longest = Math.max(longest, performance.now() - latest)
      latest = performance.now()
    },
    noReset,
  )
  return { seen, longestSilence: () => longest }
}

/** Publishes through a fault and says whether all that was acknowledged came once, in order, where it was said to be. */
async function survive(
  t: Test,
  { publisher, follower }: { publisher: NatsLog; follower: NatsLog },
  fault: () => Promise<void>,
): Promise<void> {
  await Promise.all([publisher.ready, follower.ready])
  const { seen, longestSilence } = follow(follower)
  const traffic = publish(publisher)
  await until('it flows', () => seen.length > 500)
  await fault()
  const during = seen.length
  await until('it flows again', () => seen.length > during + 500, 30)
  await traffic.stop()
  const { last } = await publisher.bounds()
  await until('the tail is through', () => seen.at(-1)?.position === last, 30)

  const positions = seen.map(({ position }) => position)
  t.strictSame(
    positions,
    positions.map((_, i) => i + 1),
    'nothing is missing, repeated or out of order',
  )
  t.equal(new Set(seen.map(({ id }) => id)).size, seen.length, 'nothing is stored twice')
  const stored = new Map(seen.map(({ id, position }) => [id, position]))
  const wrong = [...traffic.acknowledged].filter(([id, position]) => stored.get(id) !== position)
  t.strictSame(wrong, [], 'what was acknowledged is where it was said to be')
  t.strictSame(await readAll(follower, EVERYTHING, 0), seen, 'and is read so')
  t.comment(`${seen.length} notifications, ${Math.round(longestSilence())} ms without deliveries`)
}

t.test('a server killed in the middle of publishing and started again', async (t) => {
  const server = await startNats(t)
  const log = openLog(t, { servers: [server.url] })
  await survive(t, { publisher: log, follower: log }, async () => {
    await server.kill()
    await until('it is noticed', async () => (await reason(log)) !== '')
    await server.start()
  })
})

t.test('the leader of a stream on three servers killed', async (t) => {
  const cluster = await startCluster(t)
  const options = { servers: cluster.map(({ url }) => url), replicas: 3 }
  const log = openLog(t, options)
  const follower = openLog(t, options)
  await survive(t, { publisher: log, follower }, async () => {
    const leader = await leaderOf(options.servers)
    await cluster.find(({ name }) => name === leader)?.kill()
  })
})

t.test('a connection that is cut again and again', async (t) => {
  const server = await startNats(t)
  const proxy = await startFaultProxy(t, server.port)
  const log = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`] })
  await survive(t, { publisher: log, follower: log }, async () => {
    for (let i = 0; i < 3; i++) {
      proxy.cut()
      await until('it is noticed', async () => (await reason(log)) !== '')
      await until('it is back', async () => (await reason(log)) === '')
    }
  })
  t.equal(log.stats.connects, 4, 'the first, and one after each cut')
  t.ok(log.stats.tailRestarts >= 3, `${log.stats.tailRestarts} restarts of the tail`)
})

t.test('a connection that swallows everything, and then is refused for a while', async (t) => {
  const server = await startNats(t)
  const proxy = await startFaultProxy(t, server.port)
  const log = openLog(t, { servers: [`nats://127.0.0.1:${proxy.port}`] })
  await survive(t, { publisher: log, follower: log }, async () => {
    proxy.fault = 'swallow'
    await until('it is noticed', async () => (await reason(log)).includes('ping'))
    proxy.fault = 'refuse'
    await until('and refused', async () => !(await reason(log)).includes('ping'))
    proxy.fault = 'pass'
  })
})

t.test('a server that stands still for a while, with its connections open', async (t) => {
  const server = await startNats(t)
  const log = openLog(t, { servers: [server.url] })
  await survive(t, { publisher: log, follower: log }, async () => {
    server.freeze()
    await until('it is noticed', async () => (await reason(log)).includes('ping'))
    server.thaw()
  })
})

t.test('an append that can not be stored fails at its deadline', async (t) => {
  const server = await startNats(t)
  const log = openLog(t, { servers: [server.url], appendTimeout: 500 })
  await log.ready
  await server.kill()
  const began = performance.now()
  await t.rejects(log.append([draft('a')]), { name: 'LogUnavailable' })
  const took = performance.now() - began
  t.ok(took > 400 && took < 1500, `${took} ms`)
})

/** Why the log can't be reached; empty when it can. */
function reason(log: Log): Promise<string> {
  return log.bounds().then(
    () => '',
    ({ message }: Error) => message,
  )
}

async function leaderOf(servers: string[]): Promise<string | undefined> {
  const nc = await connect({ servers })
  try {
    return (await (await jetstreamManager(nc)).streams.info('tidings')).cluster?.leader
  } finally {
    await nc.close()
  }
}
