import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { StatsDocument } from '../../src/protocol/stats.ts'
import { get, publish } from '../support/clients/requests.ts'
import { abruptWebSocketClient } from '../support/clients/websocket.ts'
import { ABRUPT_CLIENTS, Follower } from '../support/follower.ts'
import { scrape } from '../support/metrics.ts'
import { startNats } from '../support/nats.ts'
import { type ServiceProcess, startService } from '../support/service.ts'
import { startTraffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { conclude } from '../support/verdict.ts'

/** How many notifications everybody gets before a worker dies, and after it. */
const FLOW = 50

/** A service of two workers on the embedded log. */
function startWorkers(t: Test, settings: Readonly<Record<string, string>> = {}): ServiceProcess {
  return startService(t, {
    TIDINGS_WORKERS: '2',
    TIDINGS_LOG: 'embedded',
    TIDINGS_DATA_DIR: join(t.testdir(), 'data'),
    TIDINGS_HEARTBEAT_SECONDS: '1',
    TIDINGS_DRAIN_SECONDS: '1',
    ...settings,
  })
}

/** Resolves when worker `n` listens; says its process. */
async function listens(service: ServiceProcess, n: number): Promise<number> {
  return JSON.parse(await service.output(`"worker":${n},"msg":"Server listening`)).pid
}

/** Two clients of each transport, one after the other: as connections are dealt out in turn, one of two streams is at either worker. */
async function followBoth(t: Test, service: ServiceProcess): Promise<Follower[]> {
  const url = await service.url
  await listens(service, 2)
  const followers: Follower[] = []
  for (const kind of ABRUPT_CLIENTS) {
    for (const which of ['one', 'other']) {
      const follower = new Follower(t, `${kind.transport}, ${which}`, ['load:0:0', 'load:1:*'])
      void follower.roam([{ kind, target: { url } }])
      await until('it is there', () => !Number.isNaN(follower.position))
      followers.push(follower)
    }
  }
  return followers
}

async function flow(followers: readonly Follower[]): Promise<void> {
  const before = followers.map(({ received }) => received.length)
  const hasFlowed = () => followers.every(({ received }, n) => received.length >= (before[n] ?? 0) + FLOW)
  await until('everybody gets notifications', hasFlowed, 60)
}

t.test('clients of a worker that is killed resume at another, and it is replaced', async (t) => {
  const service = startWorkers(t)
  const followers = await followBoth(t, service)
  const traffic = startTraffic(t, [{ url: await service.url }])
  await flow(followers)
  process.kill(await listens(service, 1), 'SIGKILL')
  await listens(service, 3)
  await flow(followers)
  for (const transport of ['websocket', 'sse']) {
    const streams = followers.filter(({ name }) => name.startsWith(transport)).map(({ streams }) => streams)
    t.strictSame(streams.sort(), [1, 2], `${transport}: one of two was at the worker that was killed`)
  }
  await conclude(t, traffic, followers)
})

t.test('a connection on its way to a worker that dies is closed', async (t) => {
  const service = startWorkers(t)
  const url = await service.url
  await listens(service, 2)
  const victim = await listens(service, 1)
  process.kill(victim, 'SIGSTOP')
  const answers = Array.from({ length: 3 }, () => get({ url }, '/livez'))
  const taken: number[] = []
  for (const answer of answers) {
    void answer.then(
      ({ status }) => taken.push(status),
      () => {},
    )
  }
  await until('the other worker has taken the others', () => taken.length === 2)
  process.kill(victim, 'SIGKILL')
  const outcomes = await Promise.allSettled(answers)
  t.strictSame(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected'])
})

t.test('a worker that is told to stop drains, and is replaced', async (t) => {
  const service = startWorkers(t)
  const followers = await followBoth(t, service)
  const traffic = startTraffic(t, [{ url: await service.url }])
  await flow(followers)
  process.kill(await listens(service, 2), 'SIGTERM')
  await listens(service, 3)
  await flow(followers)
  t.ok(followers.flatMap(({ byes }) => byes).length > 0, 'who was there was told')
  await conclude(t, traffic, followers)
})

t.test('told to stop, all workers drain, and then it ends with 0', async (t) => {
  const service = startWorkers(t)
  const followers = await followBoth(t, service)
  const traffic = startTraffic(t, [{ url: await service.url }])
  await flow(followers)
  await traffic.stop()
  service.process.kill('SIGTERM')
  t.match(await service.ended, { code: 0, signal: null })
  for (const { name, byes } of followers.filter(({ name }) => name.startsWith('websocket'))) {
    t.match(byes, [{ reason: 'draining' }], name)
  }
})

t.test('a second signal ends it and all workers at once', async (t) => {
  const service = startWorkers(t, { TIDINGS_DRAIN_SECONDS: '3600' })
  await followBoth(t, service)
  service.process.kill('SIGTERM')
  await service.output('"draining"')
  // Until it is taken for another signal than the first.
  const again = setInterval(() => service.process.kill('SIGTERM'), 50)
  t.teardown(() => clearInterval(again))
  t.match(await service.ended, { code: 143, signal: null }, 'nobody is left who could write to its output')
})

t.test('workers whose primary is killed drain and end', async (t) => {
  const service = startWorkers(t)
  const follower = new Follower(t, 'websocket', ['a'])
  const followed = follower.follow({ kind: abruptWebSocketClient, target: { url: await service.url } })
  await listens(service, 2)
  await until('it is there', () => !Number.isNaN(follower.position))
  service.process.kill('SIGKILL')
  await t.rejects(followed, /the stream is over/)
  t.match(follower.byes, [{ reason: 'draining' }])
  t.match(await service.ended, { signal: 'SIGKILL' }, 'nobody is left who could write to its output')
})

t.test('settings that only a worker finds wrong end it with 78 and one line', async (t) => {
  const file = join(t.testdir(), 'key.pem')
  await writeFile(file, 'no key')
  const service = startWorkers(t, { TIDINGS_AUTH: 'jwt', TIDINGS_JWT_PUBLIC_KEY_FILE: file })
  const { code, errors } = await service.ended
  t.equal(code, 78)
  t.match(errors, /^TIDINGS_JWT_PUBLIC_KEY_FILE was .*\n$/)
})

t.test('a port in use ends it with 1 and one line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, errors } = await startWorkers(t, { TIDINGS_PORT: `${port}` }).ended
  t.equal(code, 1)
  t.match(errors, new RegExp(`^.*EADDRINUSE.*:${port}\\n$`))
})

t.test('figures and metrics are those of all workers, without one that does not answer', async (t) => {
  const service = startWorkers(t)
  const url = await service.url
  await listens(service, 2)
  for (const name of ['one', 'other']) {
    const follower = new Follower(t, name, ['a'])
    void follower.roam([{ kind: abruptWebSocketClient, target: { url } }])
    await until('it is there', () => !Number.isNaN(follower.position))
  }
  for (let n = 0; n < 3; n++) await publish({ url }, { channel: 'a', data: n })
  const figures = async () => (await get({ url }, '/v1/stats')).body as StatsDocument
  await until('all has been delivered', async () => (await figures()).delivered.total.websocket === 6)
  t.match(await figures(), { workers: 2, connections: { websocket: 2 }, published: { total: 3 } })
  const metrics = await scrape({ url })
  for (const worker of ['1', '2']) {
    t.equal(metrics.value('tidings_connections', { worker }), 1, `worker ${worker}`)
    t.ok(metrics.value('process_resident_memory_bytes', { worker }) > 0, `worker ${worker}`)
  }
  t.equal(metrics.value('tidings_published_total'), 3)

  const stuck = await listens(service, 1)
  process.kill(stuck, 'SIGSTOP')
  t.teardown(() => process.kill(stuck, 'SIGCONT'))
  // One of two connections is the stuck one's.
  t.match(await Promise.race([figures(), figures()]), { workers: 1, connections: { websocket: 1 } })
})

t.test('the streams that there may be are shared out among the workers', async (t) => {
  const service = startWorkers(t, { TIDINGS_MAX_CONNECTIONS: '2' })
  const url = await service.url
  await listens(service, 2)
  const statuses: number[] = []
  for (let n = 0; n < 4; n++) {
    const { status } = await fetch(`${url}/v1/stream?channel=a&transport=sse`)
    statuses.push(status)
  }
  t.strictSame(statuses, [200, 200, 503, 503])
})

t.test('workers share a log in NATS', async (t) => {
  const { url } = await startNats(t)
  const service = startWorkers(t, { TIDINGS_LOG: 'nats', TIDINGS_NATS_URL: url })
  const followers = await followBoth(t, service)
  const traffic = startTraffic(t, [{ url: await service.url }])
  await flow(followers)
  await conclude(t, traffic, followers)
})
