import t from 'tap'
import { startApp } from '../support/app.ts'
import { get, publishNumbers } from '../support/clients/requests.ts'
import { watchStats } from '../support/stats.ts'

t.test('P-81 /v1/stats says in JSON what this instance has done', async (t) => {
  const service = await startApp(t)
  const cursors = await publishNumbers(service, 'a', 1, 3)
  await get(service, '/v1/stream?channel=a&cursor=earliest&wait=0')
  const { status, headers, body } = await get(service, '/v1/stats')
  t.equal(status, 200)
  t.match(headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  t.match(body, {
    workers: 1,
    uptime: Number,
    draining: false,
    connections: { websocket: 0, sse: 0, 'long-poll': 0, all: 0 },
    published: { total: 3, lastSecond: Number, lastTenSeconds: Number },
    delivered: { total: { websocket: 0, sse: 0, 'long-poll': 3, all: 3 } },
    catchUps: { window: 1, log: 0 },
    gaps: 0,
    rejected: { connections: 0, connects: 0, publishes: 0, frames: 0, subscribes: 0 },
    window: { notifications: 3, bytes: Number, floor: String, head: cursors.at(-1) },
    log: { floor: String, head: cursors.at(-1) },
  })
})

t.test('P-82 with text/event-stream in Accept the figures come once a second', async (t) => {
  const service = await startApp(t)
  const viewer = await watchStats(t, service)
  t.equal(viewer.status, 200)
  t.match(viewer.headers, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  const first = await viewer.next()
  await publishNumbers(service, 'a', 1, 5)
  const second = await viewer.next()
  t.match([first, second], [{ published: { total: 0 } }, { published: { total: 5 } }])
  const apart = (second?.uptime ?? 0) - (first?.uptime ?? 0)
  t.ok(apart > 0.9 && apart < 3, `${apart} s apart`)
})
