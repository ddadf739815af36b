import t from 'tap'
import { LogUnavailable } from '../../src/log/log.ts'
import { startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { curlHttp } from '../support/clients/http.ts'
import { get, publish } from '../support/clients/requests.ts'
import { logWith } from '../support/http.ts'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NDJSON = { 'content-type': 'application/x-ndjson' }

t.test('P-10 the body is an object, an array or NDJSON, and nothing else', async (t) => {
  const service = await startApp(t)
  const item = '{"channel":"a","data":1}'
  const cases: [body: string, headers: Record<string, string>, status: number, stored?: number][] = [
    [item, {}, 201, 1],
    [item, { 'content-type': 'application/json; charset=UTF-8' }, 201, 1],
    [`[${Array(1000).fill(item).join()}]`, {}, 201, 1000],
    [`${item}\n\n${item}\r\n`, NDJSON, 201, 2],
    ['[]', {}, 400],
    [`[${Array(1001).fill(item).join()}]`, {}, 400],
    ['\n\n', NDJSON, 400],
    [`${item}\n`.repeat(1001), NDJSON, 400],
    [item, { 'content-type': 'text/plain' }, 415],
    [item, { 'content-type': 'application/json; charset=latin1' }, 415],
    [item, { 'content-encoding': 'gzip' }, 415],
  ]
  for (const [body, headers, status, stored] of cases) {
    const answer = await publish(service, body, headers)
    t.equal(answer.status, status, body.slice(0, 40))
    t.equal(answer.body.notifications?.length, stored)
  }
})

for (const kind of FORMAT_CLIENTS) {
  t.test(`P-11 what is published comes out as it went in: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    const client = await openFor(t, kind, service, { channel: ['a', 'b'] })
    await client.inbox.expect('ready')
    const full = {
      type: 'order.shipped',
      id: 'an "id" \\ of ASCII ~',
      data: { any: ['JSON', null, -1.5e-7] },
    }
    await publish(service, { channels: ['b', 'a'], ttl: 60, ...full })
    await publish(service, { channel: 'a', data: 'é😀\u2028\u0000' })
    const [first, second, third] = await client.inbox.notifications(3)
    t.match(first, { channel: 'b', ...full })
    t.match(second, { channel: 'a', ...full })
    t.match(third, { id: UUID_V7, data: 'é😀\u2028\u0000' })
    t.notOk('type' in (third ?? {}))
    t.match(third?.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })
}

t.test('P-11 P-12 P-16 one bad item, and nothing of the request is stored', async (t) => {
  const service = await startApp(t)
  const good = '{"channel":"a","data":1}'
  const cases: [item: string, code: string, pointer?: string][] = [
    ['{"channel":"a b","data":1}', 'bad-notification', '/1/channel'],
    ['{"channel":"a","data":1,"ttl":0}', 'bad-notification', '/1/ttl'],
    ['{"channel":"a","data":1,"typ":"x"}', 'bad-notification'],
    ['{"channel":"a"}', 'bad-notification', '/1/data'],
    ['{"channel":"a","data":1,"data":2}', 'bad-json'],
    ['{"channel":"a","data":"\\ud800"}', 'bad-json'],
    ['{"channel":"a","data":1e999}', 'bad-json'],
    ['{"channel":"a","data":{"__proto__":1}}', 'bad-json'],
    [`{"channel":"a","data":${'['.repeat(64)}${']'.repeat(64)}}`, 'bad-json'],
    ['{"channel":"a","data":1', 'bad-json'],
  ]
  for (const [item, code, pointer] of cases) {
    const { status, body } = await publish(service, `[${good},${item}]`)
    t.equal(status, 400, item)
    t.match(body, { code, ...(pointer === undefined ? {} : { errors: [{ pointer }] }) }, item)
  }
  const answer = await publish(service, `[${Array(30).fill('{}').join()}]`)
  t.equal((answer.body as unknown as { errors: unknown[] }).errors.length, 20, 'at most 20 errors')
  const { body } = await get(service, '/v1/stream?channel=**&cursor=earliest&wait=0')
  t.match(body, { notifications: { length: 0 } })
})

t.test('P-13 P-14 P-15 the Idempotency-Key names items, each of which is stored once', async (t) => {
  const service = await startApp(t)
  const one = { channels: ['a', 'b'], data: 1 }
  const single = await publish(service, one, { 'idempotency-key': 'k' })
  t.equal(single.status, 201)
  t.match(single.body, {
    notifications: [
      { id: 'k', channel: 'a', duplicate: false },
      { id: 'k', channel: 'b', duplicate: false },
    ],
  })
  const again = await publish(service, one, { 'idempotency-key': 'k' })
  t.equal(again.status, 200)
  t.strictSame(
    again.body.notifications,
    single.body.notifications.map((outcome) => ({ ...outcome, duplicate: true })),
  )
  const batch = await publish(service, [one, { ...one, id: 'k' }, { channel: 'c', id: 'k', data: 2 }], {
    'idempotency-key': 'k',
  })
  t.equal(batch.status, 201)
  t.match(batch.body.notifications, [
    { id: 'k:0', channel: 'a', duplicate: false },
    { id: 'k:0', channel: 'b', duplicate: false },
    { id: 'k', channel: 'a', duplicate: true },
    { id: 'k', channel: 'b', duplicate: true },
    { id: 'k', channel: 'c', duplicate: false },
  ])
})

t.test('P-17 when the log can not take it the same may be sent again', async (t) => {
  let isDown = true
  const log = logWith(async (drafts, inner) => {
    if (isDown) throw new LogUnavailable('down')
    return inner.append(drafts)
  })
  const service = await startApp(t, { log })
  const refused = await publish(service, { channel: 'a', id: '1', data: 1 })
  t.equal(refused.status, 503)
  t.match(refused.headers, { 'retry-after': /^\d+$/ })
  t.match(refused.body, { code: 'log-unavailable' })
  isDown = false
  t.match(await publish(service, { channel: 'a', id: '1', data: 1 }), {
    status: 201,
    body: { notifications: [{ id: '1', duplicate: false }] },
  })
})

t.test('P-10 P-15 curl publishes, and reads what it published', async (t) => {
  const service = await startApp(t)
  const signal = new AbortController().signal
  let answer = ''
  const options = ['--json', '{"channel":"news","data":{"hello":"world"}}']
  for await (const chunk of curlHttp.get(`${service.url}/v1/notifications`, {}, signal, options))
    answer += chunk
  const [published] = JSON.parse(answer).notifications
  const { body } = await get(service, '/v1/stream?channel=news&cursor=earliest&wait=0')
  t.match(body, { notifications: [{ cursor: published.cursor, data: { hello: 'world' } }] })
})
