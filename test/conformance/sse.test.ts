import { once } from 'node:events'
import { EventSource } from 'eventsource'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { publish, publishNumbers } from '../support/clients/requests.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, openRaw } from '../support/raw-http.ts'

const PREAMBLE = `:${' '.repeat(2047)}\nretry: 2000\n\n`

t.test('P-40 the stream begins with these headers, 2 KiB of comment, retry and ready', async (t) => {
  const service = await startApp(t)
  const raw = await openRaw(t, service.port)
  raw.socket.write(getBytes('/v1/stream?channel=a&transport=sse'))
  const [status, ...fields] = (await raw.readThrough('\r\n\r\n')).trimEnd().split('\r\n')
  t.equal(status, 'HTTP/1.1 200 OK')
  const headers = fields.map((field) => field.toLowerCase())
  for (const field of [
    'content-type: text/event-stream; charset=utf-8',
    'cache-control: no-store, no-transform',
    'x-accel-buffering: no',
    'connection: close',
  ]) {
    t.ok(headers.includes(field), field)
  }
  t.notOk(headers.some((field) => /^(content-length|transfer-encoding):/.test(field)))
  t.equal((await raw.read(PREAMBLE.length)).toString(), PREAMBLE)
  t.match(await raw.readThrough('\n'), 'event: ready\n')
  raw.socket.destroy()
})

t.test('P-41 P-42 a notification is data and id, and every other message an event of its name', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { heartbeatSeconds: 15, maxAgeSeconds: 20 } })
  const raw = await openRaw(t, service.port)
  raw.socket.write(getBytes('/v1/stream?channel=a&transport=sse'))
  await raw.readThrough(PREAMBLE)
  const ready = await raw.readThrough('\n\n')
  const start = /^id: (\S+)$/m.exec(ready)?.[1] ?? ''
  t.equal(
    ready,
    `event: ready\nid: ${start}\ndata: {"cursor":"${start}","transport":"sse","channels":["a"],"heartbeat":15}\n\n`,
  )

  const id = 'a "quoted" \\ id'
  const data = '{\n  "text": "two\\r\\nlines \\u2028 and é😀",\r\n  "n": [1, 2]\n}'
  const { body } = await publish(
    service,
    `{"channel":"a","type":"t.1","id":${JSON.stringify(id)},"data":${data}}`,
  )
  const cursor = body.notifications[0]?.cursor ?? ''
  const block = await raw.readThrough('\n\n')
  const [first, second, ...rest] = block.split('\n')
  t.equal(first, `id: ${cursor}`)
  t.match(second, /^data: \{[^\r\n]+\}$/, 'one line, whatever is in it')
  t.strictSame(rest, ['', ''])
  const time = new Date(clock.now()).toISOString()
  t.strictSame(JSON.parse(second?.slice(6) ?? ''), {
    cursor,
    channel: 'a',
    id,
    type: 't.1',
    time,
    data: JSON.parse(data),
  })

  clock.pass(15_000)
  t.equal(await raw.readThrough('\n\n'), `event: heartbeat\nid: ${cursor}\ndata: {"cursor":"${cursor}"}\n\n`)
  clock.pass(15_000)
  t.equal(
    (await raw.rest()).toString(),
    `event: bye\nid: ${cursor}\ndata: {"reason":"max-age","retryAfter":0,"cursor":"${cursor}"}\n\n`,
    'and the stream ends with the connection',
  )
})

t.test('P-41 P-42 a gap is an event with an id, too', async (t) => {
  const service = await startApp(t)
  const raw = await openRaw(t, service.port)
  raw.socket.write(getBytes('/v1/stream?channel=a&transport=sse&cursor=elsewhere-1'))
  await raw.readThrough('event: ready\n')
  await raw.readThrough('\n\n')
  const gap = await raw.readThrough('\n\n')
  const cursor = /^id: (\S+)$/m.exec(gap)?.[1]
  t.equal(gap, `event: gap\nid: ${cursor}\ndata: {"cursor":"${cursor}","reason":"epoch"}\n\n`)
})

t.test('P-22 P-42 EventSource comes back by itself to where it was', async (t) => {
  const clock = new ManualClock(setImmediate)
  const service = await startApp(t, { clock, settings: { maxAgeSeconds: 15, heartbeatSeconds: 15 } })
  const source = new EventSource(`${service.url}/v1/stream?channel=a&last=1`)
  t.teardown(() => source.close())
  const got: unknown[] = []
  source.onmessage = ({ data }) => got.push(JSON.parse(data).data)
  await once(source, 'ready')
  await publishNumbers(service, 'a', 1, 1)
  await once(source, 'message')
  clock.pass(15_000)
  await once(source, 'error')
  await publishNumbers(service, 'a', 2, 3)
  await once(source, 'message')
  await publishNumbers(service, 'a', 4, 4)
  while (got.length < 4) await once(source, 'message')
  t.strictSame(got, [1, 2, 3, 4])
})
