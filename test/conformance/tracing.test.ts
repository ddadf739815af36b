import t from 'tap'
import { startApp } from '../support/app.ts'
import { FORMAT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish } from '../support/clients/requests.ts'
import { sendRaw } from '../support/http.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`

t.test('P-160 a traceparent goes with every notification of its request, on every transport', async (t) => {
  const service = await startApp(t)
  const clients = await Promise.all(
    FORMAT_CLIENTS.map((kind) => openFor(t, kind, service, { channel: ['a', 'b'] })),
  )
  for (const { inbox } of clients) await inbox.expect('ready')
  const items = [
    { channels: ['a', 'b'], data: 1 },
    { channel: 'a', data: 2 },
  ]
  await publish(service, items, { traceparent: TRACEPARENT })
  await publish(service, { channel: 'a', data: 3 })
  for (const [i, { inbox }] of clients.entries()) {
    const notifications = await inbox.notifications(4)
    t.strictSame(
      notifications.map(({ traceparent }) => traceparent),
      [TRACEPARENT, TRACEPARENT, TRACEPARENT, undefined],
      `${FORMAT_CLIENTS[i]?.name}`,
    )
    t.notOk(Object.hasOwn(notifications[3] ?? {}, 'traceparent'), 'no member without one')
  }
  const { body } = await get(service, '/v1/stream?channel=b&cursor=earliest&wait=0')
  t.match(body, { notifications: [{ traceparent: TRACEPARENT }] }, 'late')
})

t.test('P-161 a traceparent that is not valid, or comes twice, is as good as none', async (t) => {
  const service = await startApp(t)
  for (const traceparent of ['nonsense', `ff${TRACEPARENT.slice(2)}`, TRACEPARENT.toUpperCase()]) {
    t.equal((await publish(service, { channel: 'a', data: 1 }, { traceparent })).status, 201, traceparent)
  }
  const body = '{"channel":"a","data":1}'
  const twice = `traceparent: ${TRACEPARENT}\r\n`.repeat(2)
  const { statuses } = await sendRaw(
    service.port,
    `POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${twice}\r\n${body}`,
  )
  t.strictSame(statuses, [201])
  await publish(service, { channel: 'a', data: 1 }, { traceparent: `42${TRACEPARENT.slice(2)}-more` })
  const answer = await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
  const { notifications } = answer.body as { notifications: { traceparent?: string }[] }
  t.strictSame(
    notifications.map(({ traceparent }) => traceparent),
    [undefined, undefined, undefined, undefined, TRACEPARENT],
  )
})
