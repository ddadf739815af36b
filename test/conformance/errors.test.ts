import t from 'tap'
import { CODES, type Code } from '../../src/protocol/codes.ts'
import { startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish } from '../support/clients/requests.ts'
import { openWebSocket, webSocketClient } from '../support/clients/websocket.ts'
import { until } from '../support/until.ts'

t.test('P-70 before a stream an error is a problem document', async (t) => {
  const service = await startApp(t)
  const cases = [
    [await get(service, '/v1/stream?channel=a&last=x&wait=y'), 400, 'bad-query', ['/last', '/wait']],
    [await get(service, '/v1/stream?channel=a&cursor=x'), 400, 'bad-cursor', undefined],
    [await publish(service, '{"channel":"","data":1}'), 400, 'bad-notification', ['/channel']],
    [await publish(service, '{'), 400, 'bad-json', undefined],
    [await get(service, '/nowhere'), 404, 'not-found', undefined],
    [await get(service, '/v1/notifications'), 405, 'method-not-allowed', undefined],
  ] as const
  for (const [{ status, headers, body }, expected, code, pointers] of cases) {
    t.equal(status, expected, code)
    t.equal(headers['content-type'], 'application/problem+json')
    const { errors, detail, ...document } = body as unknown as {
      errors?: { pointer: string; detail: string }[]
      detail: string
    }
    t.strictSame(document, {
      type: `urn:tidings:error:${code}`,
      title: CODES[code].title,
      status,
      code,
    })
    t.match(detail, /./)
    if (pointers)
      t.strictSame(
        errors?.map(({ pointer }) => pointer),
        [...pointers],
      )
    for (const error of errors ?? []) t.strictSame(Object.keys(error), ['pointer', 'detail'])
  }
})

t.test('P-71 on a stream an error is a message, and the close code says whether to come back', async (t) => {
  const service = await startApp(t)
  const { inbox, say } = await openWebSocket(service, { channel: 'a' })
  await inbox.expect('ready')
  for (let n = 0; n < 10; n++) {
    say('nonsense')
    t.strictSame(Object.keys(await inbox.expect('error')), ['type', 'code', 'message'])
  }
  t.equal(await inbox.ended, 4400, 'only once it is mended')

  const comesBack = (close: number) =>
    close === 4408 || close >= 4500 || [1001, 1006, 1012, 1013].includes(close)
  const closes = Object.entries<Code>(CODES).filter(([, { close }]) => close !== undefined)
  for (const [code, { close = 0, action }] of closes) {
    t.equal(/^Come back/.test(action), comesBack(close), `${code} ${close}: ${action}`)
  }
})

for (const kind of FORMAT_CLIENTS) {
  t.test(`P-72 at capacity a stream is refused, until a place is free: ${kind.name}`, async (t) => {
    for (const [setting, status, code] of [
      ['maxConnections', 503, 'at-capacity'],
      ['maxConnectionsPerAddress', 429, 'too-many-connections'],
    ] as const) {
      const service = await startApp(t, { settings: { [setting]: 2 } })
      const clients = [
        await openFor(t, kind, service, { channel: 'a' }),
        await openFor(t, kind, service, { channel: 'a' }),
      ]
      for (const { inbox } of clients) await inbox.expect('ready')
      const isFull = async () => (await get(service, '/v1/stream?channel=a')).status === status
      await until('both are there', isFull)
      const { headers, body } = await get(service, '/v1/stream?channel=a&transport=sse')
      t.match(headers, { 'retry-after': /^\d+$/ })
      t.match(body, { status, code })
      await t.rejects(openWebSocket(service, { channel: 'a' }), new RegExp(String(status)))
      await clients[0]?.close()
      await until('a place is free', async () => !(await isFull()))
    }
  })
}

t.test('P-72 publishes and health take no place', async (t) => {
  const service = await startApp(t, { settings: { maxConnections: 1 } })
  const client = await openFor(t, webSocketClient, service, { channel: 'a' })
  await client.inbox.expect('ready')
  t.equal((await publish(service, { channel: 'a', data: 1 })).status, 201)
  t.equal((await get(service, '/readyz')).status, 200)
  t.match(await client.inbox.notifications(1), [{ data: 1 }])
})
