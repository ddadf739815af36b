import t from 'tap'
import { request } from 'undici'
import { LogUnavailable } from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { logOptions } from '../contract/log/harness.ts'
import { startApp } from '../support/app.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

t.test('a service whose log can not be reached yet starts, says so, and serves once it can', async (t) => {
  const clock = new ManualClock(setImmediate)
  const log = openMemoryLog(logOptions(), clock.now)
  const reach = log.bounds.bind(log)
  let isThere = false
  log.bounds = async () => {
    if (!isThere) throw new LogUnavailable('nobody has switched it on')
    return reach()
  }
  const { url } = await startApp(t, { log, clock })
  const publish = () =>
    request(`${url}/v1/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"channel":"a","data":1}',
    })

  t.equal((await request(`${url}/livez`)).statusCode, 200)
  const notReady = await request(`${url}/readyz`)
  t.equal(notReady.statusCode, 503)
  t.match(await notReady.body.json(), { code: 'log-unavailable', detail: /nobody has switched it on/ })
  for (const answer of [await publish(), await request(`${url}/v1/stream?channel=a`)]) {
    t.equal(answer.statusCode, 503)
    t.ok(answer.headers['retry-after'])
    t.match(await answer.body.json(), { code: 'log-unavailable' })
  }
  t.equal((await reach()).last, 0, 'nothing was stored')

  isThere = true
  clock.pass(500)
  await until('it is ready', async () => (await request(`${url}/readyz`)).statusCode === 200)
  const waiting = request(`${url}/v1/stream?channel=a&cursor=earliest`)
  t.equal((await publish()).statusCode, 201)
  t.match(await (await waiting).body.json(), { notifications: [{ data: 1 }] })
})
