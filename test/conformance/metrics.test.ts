import t from 'tap'
import { startApp } from '../support/app.ts'
import { TRANSPORT_CLIENTS } from '../support/clients/all.ts'
import { get, publishNumbers } from '../support/clients/requests.ts'
import { scrape } from '../support/metrics.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

t.test('P-83 /metrics says in the text format what this instance has done, as the figures do', async (t) => {
  const service = await startApp(t)
  const began = performance.now()
  await publishNumbers(service, 'a', 1, 3)
  const seconds = (performance.now() - began) / 1000
  await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
  const metrics = await scrape(service)
  t.equal(metrics.status, 200)
  t.match(metrics.headers, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
  })
  t.equal(metrics.value('tidings_published_total'), 3)
  t.equal(metrics.value('tidings_published_bytes_total'), 3)
  t.equal(metrics.value('tidings_append_duration_seconds_count'), 1, 'of one request')
  t.ok(metrics.value('tidings_append_duration_seconds_sum') < seconds)
  t.equal(metrics.value('tidings_delivered_total', { transport: 'long-poll' }), 3)
  t.equal(metrics.value('tidings_catch_up_reads_total', { source: 'window' }), 1)
  const ended = { transport: 'long-poll', reason: 'answered' }
  t.equal(metrics.value('tidings_connections_closed_total', ended), 1)
  t.equal(metrics.value('tidings_ready'), 1)
  t.equal(metrics.value('tidings_log_tail_lag_notifications'), 0)
  t.ok(metrics.value('process_resident_memory_bytes') > 0)
})

t.test(
  'P-84 under jwt the metrics are for an admin, or for everyone where the settings say so',
  async (t) => {
    const jwt = { auth: 'jwt', jwtSecret: JWT_SECRET } as const
    const service = await startApp(t, { settings: jwt })
    const bearer = async (admin: boolean) => ({
      authorization: `Bearer ${await mintToken({ tidings: { admin } })}`,
    })
    t.equal((await scrape(service)).status, 401)
    t.equal((await scrape(service, await bearer(false))).status, 403)
    const metrics = await scrape(service, await bearer(true))
    t.equal(metrics.status, 200)
    t.equal(metrics.value('tidings_auth_failures_total', { reason: 'unauthenticated' }), 1)
    const open = await startApp(t, { settings: { ...jwt, metrics: 'everyone' } })
    t.equal((await scrape(open)).status, 200)
  },
)

t.test(
  'P-150 on every transport `via` is counted as far as it is known, and refused in no case',
  async (t) => {
    const service = await startApp(t)
    const via = 'websocket.silent,websocket.silent,sse.failed,pigeon.lost'
    const fallbacks = async (transport: string, cause: string) =>
      (await scrape(service)).value('tidings_fallbacks_total', { transport, cause })
    for (const [before, { name, open }] of TRANSPORT_CLIENTS.entries()) {
      t.equal(await fallbacks('websocket', 'silent'), before)
      const client = await open(service, { channel: 'a', via })
      t.teardown(() => client.close())
      await client.inbox.expect('ready')
      t.equal(await fallbacks('websocket', 'silent'), before + 1, name)
      t.equal(await fallbacks('sse', 'failed'), before + 1, name)
    }
    t.equal(await fallbacks('sse', 'silent'), 0)
    for (const odd of ['', ',', 'websocket', '%00', 'x.y&via=z', 'a,'.repeat(5_000)]) {
      t.equal((await get(service, `/v1/stream?channel=a&wait=0&via=${odd}`)).status, 200, odd.slice(0, 20))
    }
    t.notMatch((await scrape(service)).text, /pigeon/)
  },
)
