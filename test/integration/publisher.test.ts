import t from 'tap'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { PublishError, Publisher } from '../../src/publisher/index.ts'
import { readAll } from '../contract/log/harness.ts'
import { type RunningApp, startApp } from '../support/app.ts'
import { get } from '../support/clients/requests.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { harmfulWay } from '../support/harmful-way.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

/** The data of what is published on channel `a`, in order. */
async function dataIn({ log }: RunningApp): Promise<unknown[]> {
  const stored = await readAll(log, new ChannelSet(['a']), 0)
  return stored.map(({ data }) => JSON.parse(data))
}

/** Numbers from 0, so many. */
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

t.test('A publish is answered as the service answers, with its members and an id', async (t) => {
  const service = await startApp(t)
  const publisher = new Publisher<{ text: string }>({ url: service.url, timeout: 5000 })
  t.match(await publisher.publish('a', { text: 'Hello' }), { id: /-7/, channel: 'a', duplicate: false })
  const options = { id: 'one', type: 'greeting', ttl: 60 }
  const first = await publisher.publish('a', { text: 'é' }, options)
  t.match(first, { id: 'one', channel: 'a', cursor: String, duplicate: false })
  t.strictSame(await publisher.publish('a', { text: 'é' }, options), { ...first, duplicate: true })
  const { body } = await get(service, '/v1/stream?channel=a&last=1')
  t.match(body, { notifications: [{ id: 'one', type: 'greeting', data: { text: 'é' } }] })
})

t.test('The calls of one turn share a request, in order, and what comes meanwhile the next', async (t) => {
  const service = await startApp(t)
  const way = await harmfulWay(t, service, [])
  const publisher = new Publisher({ url: way.url })
  const published = numbers(50).map((n) => publisher.publish('a', n))
  // Later in the same turn of the event loop.
  await Promise.resolve()
  published.push(publisher.publish('a', 50))
  await way.came(1)
  published.push(publisher.publish('a', 51), publisher.publish('a', 52))
  const cursors = new Set((await Promise.all(published)).map(({ cursor }) => cursor))
  t.equal(cursors.size, 53)
  t.strictSame(await dataIn(service), numbers(53))
  const sizes = way.requests.map(({ body }) => body.split('\n').length)
  t.strictSame(sizes, [51, 2])
  t.equal(new Set(way.requests.map(({ port }) => port)).size, 1, 'on one connection')
})

t.test('A request has at most a thousand notifications, and about a mebibyte', async (t) => {
  const service = await startApp(t)
  const way = await harmfulWay(t, service, [])
  const publisher = new Publisher({ url: way.url })
  await Promise.all(numbers(1500).map((n) => publisher.publish('b', n)))
  const long = 'x'.repeat(60_000)
  await Promise.all(numbers(20).map((n) => publisher.publish('a', `${n}${long}`)))
  const sizes = way.requests.map(({ body }) => body.split('\n').length)
  t.strictSame(sizes, [1000, 500, 17, 3])
  t.strictSame(
    (await dataIn(service)).map((data) => parseInt(`${data}`, 10)),
    numbers(20),
  )
})

t.test('What did not get through is tried again with the same ids, in order, and stored once', async (t) => {
  const service = await startApp(t)
  const problem = { 'content-type': 'application/problem+json', 'retry-after': new Date(0).toUTCString() }
  const way = await harmfulWay(t, service, [
    'answer lost',
    { status: 429, headers: problem, body: '{"code":"too-many-requests"}' },
    { status: 502, headers: { 'retry-after': '0' }, body: '<h1>Bad gateway</h1>' },
    { status: 200, body: '{"notifications":[' },
    'refused',
  ])
  const publisher = new Publisher({ url: way.url })
  const outcomes = await Promise.all(numbers(3).map((n) => publisher.publish('a', n)))
  t.match(outcomes, [{ duplicate: true }, { duplicate: true }, { duplicate: true }])
  t.equal(way.requests.length, 6)
  t.equal(new Set(way.requests.map(({ body }) => body)).size, 1)
  t.strictSame(await dataIn(service), numbers(3))
})

t.test('While one is tried again, those after it wait, so that the order stays', async (t) => {
  const service = await startApp(t)
  const way = await harmfulWay(t, service, ['refused', 'answer lost', 'refused'])
  const publisher = new Publisher({ url: way.url })
  const first = publisher.publish('a', 0)
  await way.came(1)
  await Promise.all([first, publisher.publish('a', 1), publisher.publish('a', 2)])
  t.strictSame(await dataIn(service), [0, 1, 2])
})

t.test('Connections that break in the middle of answers lose and repeat nothing', async (t) => {
  const service = await startApp(t)
  const proxy = await startFaultProxy(t, service.port)
  let answers = 0
  proxy.rewrite = (bytes) => {
    if (++answers % 2 === 1) proxy.cut()
    return bytes
  }
  const publisher = new Publisher({ url: `http://127.0.0.1:${proxy.port}` })
  for (const n of numbers(4)) await publisher.publish('a', n)
  t.ok(answers >= 8, 'each was cut once')
  t.strictSame(await dataIn(service), numbers(4))
})

t.test('A bad one is refused alone, with what is wrong with it', async (t) => {
  const service = await startApp(t)
  const publisher = new Publisher({ url: service.url })
  const outcomes = await Promise.allSettled([
    publisher.publish('a', 0),
    publisher.publish('no channel', 1),
    publisher.publish('a', 2),
    publisher.publish('a', '\ud800'),
    publisher.publish('a', 'x'.repeat(70_000)),
    publisher.publish('a', 3, { id: '', ttl: -1 }),
    publisher.publish('a', undefined),
    publisher.publish('a', 4),
  ])
  t.match(outcomes, [
    { status: 'fulfilled' },
    { reason: { code: 'bad-notification', status: 400, details: [{ pointer: '/channel' }] } },
    { status: 'fulfilled' },
    { reason: { code: 'bad-json', status: 400, details: [{ pointer: '' }] } },
    { reason: { code: 'too-large', status: 413, details: [{ pointer: '/data' }] } },
    { reason: { code: 'bad-notification', details: [{ pointer: '/id' }, { pointer: '/ttl' }] } },
    { reason: { code: 'bad-notification', details: [{ pointer: '/data' }] } },
    { status: 'fulfilled' },
  ])
  t.ok(outcomes.every((outcome) => outcome.status === 'fulfilled' || outcome.reason instanceof PublishError))
  t.strictSame(await dataIn(service), [0, 2, 4])
  const cycle: unknown[] = []
  cycle.push(cycle)
  await t.rejects(publisher.publish('a', cycle), TypeError)
})

t.test(
  'What somebody else answers, who means something else by `code` and `errors`, holds up nothing',
  async (t) => {
    const service = await startApp(t)
    const bodies = [
      '{"code":7,"detail":[],"errors":{"data":["is wrong"]}}',
      '{"errors":[{"pointer":0}]}',
      '[null]',
      'null',
    ]
    const way = await harmfulWay(
      t,
      service,
      bodies.map((body) => ({ status: 400, body })),
    )
    const publisher = new Publisher({ url: way.url })
    for (const body of bodies) {
      await t.rejects(publisher.publish('a', 1), { code: 'bad-answer', status: 400, details: [] }, body)
    }
    await publisher.publish('a', 2)
    t.strictSame(await dataIn(service), [2])
  },
)

t.test('Many bad ones, more than a refusal names, are all found', async (t) => {
  const service = await startApp(t)
  const publisher = new Publisher({ url: service.url })
  const outcomes = await Promise.allSettled(numbers(100).map((n) => publisher.publish(n % 2 ? 'a' : '', n)))
  t.ok(outcomes.every(({ status }, n) => status === (n % 2 ? 'fulfilled' : 'rejected')))
  t.equal((await dataIn(service)).length, 50)
})

t.test('What is too much for the service at once goes in parts, in order', async (t) => {
  const service = await startApp(t, { settings: { maxBodyBytes: 1024 } })
  const publisher = new Publisher({ url: service.url })
  const tooLong = publisher.publish('a', 'x'.repeat(1024))
  const published = Promise.all(numbers(100).map((n) => publisher.publish('a', n)))
  await t.rejects(tooLong, { code: 'too-large', status: 413 })
  await published
  t.strictSame(await dataIn(service), numbers(100))
})

t.test('A token is asked for before each request, and what it does not cover is refused', async (t) => {
  const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
  let asked = 0
  const token = async () => {
    asked++
    return mintToken({ tidings: { publish: ['a'], subscribe: ['a'] } })
  }
  const publisher = new Publisher({ url: service.url, token })
  const [good, bad] = await Promise.allSettled([publisher.publish('a', 1), publisher.publish('b', 1)])
  t.match(good, { status: 'fulfilled' })
  t.match(bad, { reason: { code: 'forbidden', status: 403, details: [{ pointer: '/channel' }] } })
  t.equal(asked, 2)
  const stranger = new Publisher({ url: service.url })
  await t.rejects(stranger.publish('a', 1), { code: 'unauthenticated', status: 401 })
  const secret = new Publisher({ url: service.url, token: 'line\nbreak' })
  await t.rejects(secret.publish('a', 1), { name: 'TypeError', message: /^(?!.*line)/s })
  const failing = new Publisher({ url: service.url, token: () => Promise.reject(new Error('no token')) })
  await t.rejects(failing.publish('a', 1), { message: 'no token' })
})

t.test('It gives up when its time is over, and says why', async (t) => {
  const service = await startApp(t)
  const refusing = await harmfulWay(t, service, [{ status: 503, headers: { 'retry-after': '60' } }])
  const patient = new Publisher({ url: refusing.url, timeout: 59_000 })
  await t.rejects(patient.publish('a', 1), { code: 'bad-answer', status: 503, retryAfter: 60_000 })
  t.equal(refusing.requests.length, 1, 'it waits no longer than it may')
  const unanswering = await harmfulWay(t, service, ['unanswered'])
  const brief = new Publisher({ url: unanswering.url, timeout: 900 })
  await t.rejects(brief.publish('a', 1), { code: 'unreachable', message: /timeout/ })
  const proxy = await startFaultProxy(t, service.port)
  proxy.fault = 'refuse'
  const hasty = new Publisher({ url: `http://127.0.0.1:${proxy.port}`, timeout: 0 })
  await t.rejects(hasty.publish('a', 1), { code: 'unreachable', status: undefined })
  const redirecting = await harmfulWay(t, service, [{ status: 307, headers: { location: service.url } }])
  const led = new Publisher({ url: redirecting.url, token: 'secret' })
  await t.rejects(led.publish('a', 1), { code: 'bad-answer', status: 307 }, 'no token goes elsewhere')
  t.strictSame(await dataIn(service), [])
})

t.test('When as much waits as may, one more is refused, and nothing else is lost', async (t) => {
  const service = await startApp(t)
  const publisher = new Publisher({ url: service.url, maxQueued: 2 })
  const published = Promise.all([publisher.publish('a', 1), publisher.publish('a', 2)])
  await t.rejects(publisher.publish('a', 3), { code: 'queue-full' })
  await published
  await publisher.publish('a', 4)
  const small = new Publisher({ url: service.url, maxQueuedBytes: 200 })
  const fits = small.publish('a', 'x'.repeat(100), { id: '1' })
  await t.rejects(small.publish('a', 'x'.repeat(100), { id: '2' }), { code: 'queue-full' })
  await fits
  t.strictSame(await dataIn(service), [1, 2, 4, 'x'.repeat(100)])
})

t.test('One that is given up rejects at once, and costs those beside it nothing', async (t) => {
  const service = await startApp(t)
  const way = await harmfulWay(t, service, ['unanswered', 'unanswered', 'refused'])
  const publisher = new Publisher({ url: way.url })
  const [alone, waiting, beside] = [new AbortController(), new AbortController(), new AbortController()]
  const first = publisher.publish('a', 0, { signal: alone.signal })
  await way.came(1)
  const second = publisher.publish('a', 1, { signal: waiting.signal })
  const rest = [publisher.publish('a', 2, { signal: beside.signal }), publisher.publish('a', 3)] as const
  waiting.abort()
  await t.rejects(second, { name: 'AbortError' })
  t.equal(way.requests.length, 1, 'the first is under way still')
  alone.abort(new Error('enough'))
  await t.rejects(first, { message: 'enough' })
  await way.came(2)
  beside.abort()
  await t.rejects(rest[0], { name: 'AbortError' })
  await t.rejects(publisher.publish('a', 9, { signal: beside.signal }), { name: 'AbortError' })
  t.equal(
    way.requests[1]?.body.split('\n').length,
    2,
    'the one that was given up in the queue was never sent',
  )
  way.cut()
  await rest[1]
  t.strictSame(way.requests[2]?.body, way.requests[1]?.body.split('\n')[1], 'it is not sent again')
  t.strictSame(await dataIn(service), [3])
})

t.test('What is for later is scheduled, and holds up nothing else when no more can be', async (t) => {
  const service = await startApp(t, { settings: { maxScheduled: 1 } })
  const publisher = new Publisher({ url: service.url, timeout: 5000 })
  const at = new Date(Date.now() + 3_600_000)
  const options = { id: '1', at }
  const scheduled = { id: '1', channel: 'a', at: at.toISOString(), state: 'scheduled' }
  t.strictSame(await publisher.publish('a', 1, options), { ...scheduled, duplicate: false })
  t.strictSame(await publisher.publish('a', 1, options), { ...scheduled, duplicate: true })
  const outcomes = await Promise.allSettled([
    publisher.publish('a', 2, { delay: 3600 }),
    publisher.publish('a', 3),
  ])
  t.match(outcomes, [
    { status: 'rejected', reason: { code: 'too-many-scheduled', status: 503 } },
    { status: 'fulfilled' },
  ])
  t.strictSame(await dataIn(service), [3])
})

t.test('What is scheduled can be cancelled until it is published, whatever its channel and id', async (t) => {
  const service = await startApp(t)
  const publisher = new Publisher({ url: `${service.url}/` })
  const [channel, id] = ['a:b@c+d', '"7" / 100 % ?#']
  await publisher.publish(channel, 1, { id, delay: 3600 })
  await publisher.cancel(channel, id)
  await publisher.cancel(channel, id)
  t.match(await publisher.publish(channel, 1, { id, delay: 3600 }), { state: 'cancelled', duplicate: true })
  await t.rejects(publisher.cancel(channel, 'other'), { code: 'not-scheduled', status: 404 })
  await publisher.publish('a', 1, { id: 'now', delay: 0 })
  await until('it is published', async () => (await dataIn(service)).length === 1)
  await t.rejects(publisher.cancel('a', 'now'), {
    name: 'PublishError',
    code: 'already-published',
    status: 409,
  })
  for (const name of ['.', '..']) {
    await t.rejects(publisher.cancel(name, 'x'), TypeError)
    await t.rejects(publisher.cancel('a', name), TypeError)
  }
})

t.test('A cancellation whose answer was lost is sent again, and closing waits for it', async (t) => {
  const service = await startApp(t, { settings: { auth: 'jwt', jwtSecret: JWT_SECRET } })
  const proxy = await startFaultProxy(t, service.port)
  const token = await mintToken({ tidings: { publish: ['a'] } })
  const publisher = new Publisher({ url: `http://127.0.0.1:${proxy.port}`, token, maxQueued: 2 })
  const ids = numbers(11).map(String)
  for (const id of ids) await new Publisher({ url: service.url, token }).publish('a', 1, { id, delay: 3600 })
  let answers = 0
  proxy.rewrite = (bytes) => {
    if (++answers <= 8) proxy.cut()
    return bytes
  }
  const outcomes = Promise.allSettled(ids.map((id) => publisher.cancel('a', id)))
  await publisher.close()
  await t.rejects(publisher.cancel('a', '0'), { code: 'closed' })
  t.match((await outcomes).pop(), { reason: { code: 'queue-full' } }, 'eight are under way, and two wait')
  t.ok((await outcomes).slice(0, 10).every(({ status }) => status === 'fulfilled'))
  t.ok(answers > 8, 'some were sent again')
  t.equal(service.log.schedule.pending(), 1)
  const stranger = new Publisher({ url: service.url })
  await t.rejects(stranger.cancel('a', '10'), { code: 'unauthenticated', status: 401 })
})

t.test('Closing takes no more, and waits for all that was handed over', async (t) => {
  const service = await startApp(t)
  const way = await harmfulWay(t, service, ['refused', 'answer lost'])
  const publisher = new Publisher({ url: way.url })
  const settled: number[] = []
  for (const n of numbers(3)) void publisher.publish('a', n).then(() => settled.push(n))
  const closed = publisher.close()
  await t.rejects(publisher.publish('a', 9), { code: 'closed' })
  await closed
  t.strictSame(settled, numbers(3))
  t.strictSame(await dataIn(service), numbers(3))
  await publisher.close()
})

t.test('An address that can not be one is refused at once, and a path before it is kept', async (t) => {
  for (const url of ['notify', 'ftp://notify.example/', 'http://me:secret@notify.example/']) {
    t.throws(() => new Publisher({ url }), TypeError)
  }
  const service = await startApp(t)
  const way = await harmfulWay(t, service, [])
  await new Publisher({ url: `${way.url}/behind/a/proxy?x=1#y` }).publish('a', 1)
  t.equal(way.requests[0]?.path, '/behind/a/proxy/v1/notifications')
})
