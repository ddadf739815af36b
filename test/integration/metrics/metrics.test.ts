import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { FAMILIES } from '../../../src/http/metrics/families.ts'
import type { StatsDocument } from '../../../src/protocol/stats.ts'
import { startApp } from '../../support/app.ts'
import { TRANSPORT_CLIENTS } from '../../support/clients/all.ts'
import { openFor } from '../../support/clients/client.ts'
import { get, publish, publishNumbers } from '../../support/clients/requests.ts'
import { fetchSseClient } from '../../support/clients/sse.ts'
import { webSocketClient } from '../../support/clients/websocket.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type Scrape, scrape } from '../../support/metrics.ts'
import { JWT_SECRET, mintToken } from '../../support/tokens.ts'
import { until } from '../../support/until.ts'

const ROOT = new URL('../../../', import.meta.url)

/** What Debian's promtool says of it: nothing, where all is well. */
function complaints(args: readonly string[], input = ''): string {
  const { status, stderr, stdout } = spawnSync('promtool', args, { cwd: fileURLToPath(ROOT), input })
  return status === 0 ? '' : `${stderr}${stdout}`
}

/** A scrape of a service that has refused somebody and answered somebody: only then there are such lines. */
async function scrapeWithReasons(t: Parameters<typeof openFor>[0]): Promise<Scrape> {
  const settings = { auth: 'jwt', jwtSecret: JWT_SECRET, metrics: 'everyone' } as const
  const service = await startApp(t, { settings })
  await get(service, '/v1/stream?channel=a')
  const token = await mintToken({ tidings: { subscribe: ['a'] } })
  await get(service, `/v1/stream?channel=a&token=${token}`)
  return scrape(service)
}

t.test(
  'promtool finds nothing wrong with the metrics of a service on which streams came and went',
  async (t) => {
    const service = await startApp(t)
    for (const kind of TRANSPORT_CLIENTS) {
      const client = await kind.open(service, { channel: 'a', via: 'websocket.failed' })
      await client.inbox.expect('ready')
      await publishNumbers(service, 'a', 1, 3)
      await client.inbox.notifications(1)
      await client.close()
    }
    await until('they are gone', async () => (await figuresOf(service)).connections.all === 0)
    const { text } = await scrape(service)
    t.match(text, /reason="gone"/)
    t.equal(complaints(['check', 'metrics'], text), '')
  },
)

t.test(
  'promtool finds nothing wrong with configuration and rules, and each alert fires for what it is about',
  async (t) => {
    t.equal(complaints(['check', 'config', 'config/prometheus.yml']), '')
    t.equal(complaints(['check', 'rules', '--lint-fatal', 'config/prometheus-rules.yml']), '')
    t.equal(complaints(['test', 'rules', 'test/integration/metrics/rules.yml']), '')
    const [rules = '', tests = ''] = await Promise.all(
      ['config/prometheus-rules.yml', 'test/integration/metrics/rules.yml'].map((file) =>
        readFile(new URL(file, ROOT), 'utf8'),
      ),
    )
    const alerts = Array.from(rules.matchAll(/alert: (\w+)/g), ([, name = '']) => name)
    t.ok(alerts.length > 10)
    t.strictSame(
      alerts.filter((name) => !tests.includes(name)),
      [],
      'alerts without a test',
    )
  },
)

t.test('every metric that the dashboard and the rules name is there', async (t) => {
  const { names } = await scrapeWithReasons(t)
  for (const file of ['config/grafana/dashboard.json', 'config/prometheus-rules.yml']) {
    const text = await readFile(new URL(file, ROOT), 'utf8')
    const named = new Set(text.match(/\b(tidings|nodejs|process)_[a-z0-9_]+\b/g))
    t.ok(named.size > 10, file)
    t.strictSame(
      [...named].filter((name) => !names.has(name)),
      [],
      file,
    )
  }
})

/** Labels that Prometheus itself puts to what it scrapes. */
const SCRAPED = ['instance', 'job']

t.test('every label by which the dashboard and the rules choose or sum is one of the metric', async (t) => {
  const labels = new Map(FAMILIES.map(({ name, labels = {} }) => [name as string, Object.keys(labels)]))
  const labelsOf = (metric: string) => labels.get(metric.replace(/_bucket$/, '')) ?? []
  for (const file of ['config/grafana/dashboard.json', 'config/prometheus-rules.yml']) {
    const text = (await readFile(new URL(file, ROOT), 'utf8')).replaceAll('\\"', '"')
    const chosen = Array.from(
      text.matchAll(/\b(tidings_\w+)\{([^}]*)\}/g),
      ([, metric = '', matchers = '']) => ({
        metric,
        named: Array.from(matchers.matchAll(/(\w+)!?[=~]/g), ([, label]) => label),
      }),
    )
    const summed = Array.from(
      text.matchAll(/ by \(([^)]*)\) \(.*?\b(tidings_\w+)/g),
      ([, by = '', metric = '']) => ({
        metric,
        named: by.split(', '),
      }),
    )
    t.ok(chosen.length > 2 && summed.length > 2, file)
    for (const { metric, named } of [...chosen, ...summed]) {
      const known = [...labelsOf(metric), ...SCRAPED, ...(metric.endsWith('_bucket') ? ['le'] : [])]
      t.strictSame(
        named.filter((label) => !known.includes(`${label}`)),
        [],
        `${file}: ${metric}`,
      )
    }
  }
})

t.test('/metrics and /v1/stats say the same of the same', async (t) => {
  const service = await startApp(t)
  const clients = await Promise.all(
    TRANSPORT_CLIENTS.map((kind) => openFor(t, kind, service, { channel: 'a' })),
  )
  for (const { inbox } of clients) await inbox.expect('ready')
  await publish(service, [
    { channel: 'a', id: 'one', data: 1 },
    { channel: 'a', id: 'one', data: 1 },
  ])
  for (const { inbox } of clients) await inbox.notifications(1)
  const [metrics, figures] = [await scrape(service), await figuresOf(service)]
  t.equal(metrics.value('tidings_published_total'), figures.published.total)
  t.equal(metrics.value('tidings_duplicates_total'), 1)
  for (const transport of ['websocket', 'sse', 'long-poll'] as const) {
    t.equal(metrics.value('tidings_delivered_total', { transport }), 1, transport)
    t.equal(figures.delivered.total[transport], 1, transport)
    t.ok(metrics.value('tidings_delivered_bytes_total', { transport }) > 100, transport)
    t.equal(metrics.value('tidings_delivery_lag_seconds_count', { transport }), 1, transport)
  }
  for (const transport of ['websocket', 'sse']) {
    t.equal(metrics.value('tidings_connections', { transport, state: 'live' }), 1, transport)
  }
})

t.test('a scrape says how far behind the head a cursor was that a client came with', async (t) => {
  const service = await startApp(t)
  const [first = ''] = await publishNumbers(service, 'a', 1, 50)
  await get(service, `/v1/stream?channel=a&wait=0&cursor=${first}`)
  const metrics = await scrape(service)
  t.equal(metrics.value('tidings_resume_distance_notifications_sum', { transport: 'long-poll' }), 49)
  const bucket = (le: string) =>
    metrics.value('tidings_resume_distance_notifications_bucket', { transport: 'long-poll', le })
  t.strictSame([bucket('10'), bucket('100'), bucket('+Inf')], [0, 1, 1])
  for (const kind of [webSocketClient, fetchSseClient]) {
    const { inbox } = await openFor(t, kind, service, { channel: 'a', cursor: first })
    await inbox.expect('ready')
    await inbox.notifications(49)
  }
  for (const transport of ['websocket', 'sse']) {
    const name = 'tidings_resume_distance_notifications_sum'
    t.equal((await scrape(service)).value(name, { transport }), 49, transport)
  }
})

t.test('a service that does not reach its log says so', async (t) => {
  const service = await startApp(t)
  await service.log.close()
  const lost = await scrape(service)
  t.strictSame([lost.value('tidings_log_available'), lost.value('tidings_ready')], [0, 0])
  t.ok(Number.isNaN(lost.value('tidings_log_tail_lag_notifications')), 'nobody knows')
})

t.test('a service that drains says so, and how many streams are left', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { drainSeconds: 10, maxAgeSeconds: 0 } })
  const clients = []
  for (let n = 0; n < 2; n++) clients.push(await openFor(t, webSocketClient, service, { channel: 'a' }))
  for (const { inbox } of clients) await inbox.expect('ready')
  const drained = service.app.drain()
  for (const { inbox } of clients) await inbox.expect('bye')
  const gauges = async () => {
    const metrics = await scrape(service)
    return ['tidings_draining', 'tidings_ready', 'tidings_connections'].map((name) => metrics.value(name))
  }
  t.strictSame(await gauges(), [1, 0, 2])
  clock.pass(5_000)
  t.strictSame(await gauges(), [1, 0, 1])
  clock.pass(5_000)
  await Promise.all([drained, ...clients.map(({ inbox }) => inbox.ended)])
})

async function figuresOf(service: { url: string }): Promise<StatsDocument> {
  return (await get(service, '/v1/stats')).body as StatsDocument
}
