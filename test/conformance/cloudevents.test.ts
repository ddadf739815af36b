import { CloudEvent, emitterFor, HTTP, type Message, Mode } from 'cloudevents'
import t from 'tap'
import { request } from 'undici'
import { startApp } from '../support/app.ts'
import { TRANSPORT_CLIENTS } from '../support/clients/all.ts'
import { openFor } from '../support/clients/client.ts'
import { get, publish, type Target } from '../support/clients/requests.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const BATCHED = { 'content-type': 'application/cloudevents-batch+json' }
const BINARY = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': '/shop',
  'ce-type': 't',
  'ce-subject': 'a',
}

/** An event that is good; members of `rest` stand in the place of its own. */
function event(rest: object = {}): object {
  return { specversion: '1.0', id: '1', source: '/shop', type: 'order.shipped', subject: 'a', ...rest }
}

/** Publishes `body` with these headers, and none for those that are `undefined`. */
async function send(
  { url }: Target,
  headers: Readonly<Record<string, unknown>>,
  body?: string | Buffer,
): Promise<{ status: number; body: unknown }> {
  const sent = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [name, String(value)],
  )
  const options = { method: 'POST', reset: true, headers: sent, ...(body !== undefined && { body }) } as const
  const answer = await request(`${url}/v1/notifications`, options)
  return { status: answer.statusCode, body: await answer.body.json() }
}

/** Publishes in binary mode; headers stand in the place of those of BINARY. */
function publishBinary(
  service: Target,
  headers: Readonly<Record<string, string | undefined>>,
  body?: string | Buffer,
): ReturnType<typeof send> {
  return send(service, { ...BINARY, ...headers }, body)
}

/** The notifications that a service has, in order. */
async function stored(service: Target): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { body } = await get(service, '/v1/stream?channel=**&cursor=earliest&wait=0')
  return (body as { notifications: Readonly<Record<string, unknown>>[] }).notifications
}

t.test('P-200 P-202 what the CloudEvents SDK emits in each mode, its parser reads out again', async (t) => {
  const service = await startApp(t)
  const emit = async ({ headers, body }: Message): Promise<void> => {
    const answer = await send(service, headers, `${body}`)
    t.equal(answer.status, 201, JSON.stringify(answer.body))
  }
  const order = new CloudEvent({
    id: 'structured',
    source: 'https://shop.example/orders?page=1',
    type: 'com.example.order.shipped',
    subject: 'user:42',
    time: '2026-01-02T03:04:05.678Z',
    dataschema: 'https://shop.example/schema',
    datacontenttype: 'application/json',
    priority: 7,
    urgent: true,
    data: { order: 7 },
  })
  await emitterFor(emit, { mode: Mode.STRUCTURED })(order)
  await emitterFor(emit, { mode: Mode.BINARY })(order.cloneWith({ id: 'binary' }))
  const bytes = new Uint8Array([0, 255, 128])
  const image = order.cloneWith({ id: 'image', datacontenttype: 'image/png', data: bytes })
  await emitterFor(emit, { mode: Mode.STRUCTURED })(image)
  const batch = [order.cloneWith({ id: 'first' }), order.cloneWith({ id: 'second' })]
  t.equal((await publish(service, `[${batch.join()}]`, BATCHED)).status, 201)

  const notifications = await stored(service)
  const events = notifications.map(
    ({ data }) => HTTP.toEvent({ headers: STRUCTURED, body: data }) as CloudEvent,
  )
  t.strictSame(
    events.map(({ id }) => id),
    ['structured', 'binary', 'image', 'first', 'second'],
  )
  for (const [index, received] of events.entries()) {
    // In headers, all attributes are texts.
    const isBinary = received.id === 'binary'
    const data = received.id === 'image' ? { data_base64: 'AP+A' } : { data: { order: 7 } }
    t.match(received.toJSON(), {
      source: 'https://shop.example/orders?page=1',
      type: 'com.example.order.shipped',
      subject: 'user:42',
      time: '2026-01-02T03:04:05.678Z',
      dataschema: 'https://shop.example/schema',
      priority: isBinary ? '7' : 7,
      urgent: isBinary ? 'true' : true,
      ...data,
    })
    t.match(notifications[index], { channel: 'user:42', type: 'com.example.order.shipped' })
  }
})

for (const kind of TRANSPORT_CLIENTS) {
  t.test(`P-202 a subscriber gets the whole event, and its type: ${kind.name}`, async (t) => {
    const service = await startApp(t)
    const client = await openFor(t, kind, service, { channel: ['a'] })
    await client.inbox.expect('ready')
    const whole = event({ time: '1999-12-31T23:59:59.5+02:00', partitionkey: 'é', data: { x: null } })
    await publish(service, { ...whole, dataschema: null }, STRUCTURED)
    const [notification] = await client.inbox.notifications(1)
    t.strictSame(notification?.data, whole)
    t.match(notification, { type: 'order.shipped', channel: 'a', time: /^(?!1999)/ })
  })
}

t.test('P-200 P-204 other formats and versions, and events that are none, are refused', async (t) => {
  const service = await startApp(t)
  const bad: [rest: object, pointer: string][] = [
    [{ specversion: '0.3' }, '/specversion'],
    [{ specversion: undefined }, '/specversion'],
    [{ id: '' }, '/id'],
    [{ id: 7 }, '/id'],
    [{ source: undefined }, '/source'],
    [{ source: 'a b' }, '/source'],
    [{ type: 'with space' }, '/type'],
    [{ type: 'x'.repeat(129) }, '/type'],
    [{ subject: 'no channel' }, '/subject'],
    [{ subject: undefined }, '/subject'],
    [{ channel: '*' }, '/channel'],
    [{ channel: 7 }, '/channel'],
    [{ time: 'yesterday' }, '/time'],
    [{ dataschema: 'relative' }, '/dataschema'],
    [{ datacontenttype: 'json' }, '/datacontenttype'],
    [{ data: 1, data_base64: 'AA==' }, '/data_base64'],
    [{ data_base64: 'A' }, '/data_base64'],
    [{ data_base64: 7 }, '/data_base64'],
    [{ Partition: 'x' }, '/Partition'],
    [{ extension: {} }, '/extension'],
    [{ extension: 1.5 }, '/extension'],
    [{ extension: 2 ** 31 }, '/extension'],
    [{ extension: 'a\nb' }, '/extension'],
  ]
  for (const [rest, pointer] of bad) {
    const text = JSON.stringify(event(rest))
    const one = await publish(service, text, STRUCTURED)
    t.match(one, { status: 400, body: { code: 'bad-notification', errors: [{ pointer }] } }, text)
    const batch = await publish(service, `[${JSON.stringify(event())},${text}]`, BATCHED)
    t.match(
      batch,
      { status: 400, body: { code: 'bad-notification', errors: [{ pointer: `/1${pointer}` }] } },
      text,
    )
  }
  const others: [body: string, headers: Record<string, string>, status: number, code: string][] = [
    [JSON.stringify([event()]), STRUCTURED, 400, 'bad-notification'],
    ['7', STRUCTURED, 400, 'bad-notification'],
    ['', STRUCTURED, 400, 'bad-json'],
    ['{', STRUCTURED, 400, 'bad-json'],
    [JSON.stringify(event()), BATCHED, 400, 'bad-notification'],
    ['[]', BATCHED, 400, 'bad-notification'],
    [`[${Array(1001).fill('{}').join()}]`, BATCHED, 400, 'bad-notification'],
    ['<event/>', { 'content-type': 'application/cloudevents+xml' }, 415, 'unsupported-media-type'],
    ['x', { ...BINARY, 'content-type': 'application/cloudevents+avro' }, 415, 'unsupported-media-type'],
    ['x', { ...BINARY, 'content-encoding': 'gzip' }, 415, 'unsupported-media-type'],
    [JSON.stringify(event({ data: 'x'.repeat(64 * 1024) })), STRUCTURED, 413, 'too-large'],
    [JSON.stringify(event({ data_base64: 'AAAA'.repeat(16 * 1024) })), STRUCTURED, 413, 'too-large'],
  ]
  for (const [body, headers, status, code] of others) {
    t.match(await publish(service, body, headers), { status, body: { code } }, body.slice(0, 40))
  }
  t.strictSame(await stored(service), [], 'nothing was stored')
})

t.test('P-201 the extension `channel` goes before `subject`, and grants are asked for it', async (t) => {
  const settings = { auth: 'jwt', jwtSecret: JWT_SECRET } as const
  const service = await startApp(t, { settings })
  const authorization = `Bearer ${await mintToken({ tidings: { publish: ['a'] } })}`
  const headers = { authorization, ...STRUCTURED }
  const good = event({ channel: 'a', subject: 'any text, é' })
  t.match(await publish(service, good, headers), { status: 201, body: { notifications: [{ channel: 'a' }] } })
  const denied: [rest: object, pointer: string][] = [
    [{ subject: 'b' }, '/subject'],
    [{ subject: 'a', channel: 'b' }, '/channel'],
  ]
  for (const [rest, pointer] of denied) {
    t.match(await publish(service, event(rest), headers), {
      status: 403,
      body: { code: 'forbidden', errors: [{ pointer }] },
    })
  }
})

t.test('P-203 an event is stored once, and source and id together say which it is', async (t) => {
  const service = await startApp(t)
  const long = `https://shop.example/${'x'.repeat(120)}`
  const events = [event(), event({ source: '/other' }), event({ source: long }), event({ id: 'é' }), event()]
  const key = { 'idempotency-key': 'k' }
  const { body } = await publish(service, events, { ...BATCHED, ...key })
  t.match(body.notifications, [
    { id: '/shop 1', duplicate: false },
    { id: '/other 1', duplicate: false },
    { id: /^sha256:[0-9a-f]{64}$/, duplicate: false },
    { id: 'sha256:2505d2d13a88e1c5bbbb80bd00ccc0c3620a22d48a51bd11490f79aec12b6ee3', duplicate: false },
    { id: '/shop 1', duplicate: true },
  ])
  const again = await publish(service, event(), STRUCTURED)
  t.match(again, { status: 200, body: { notifications: [{ ...body.notifications[0], duplicate: true }] } })
  t.match(
    await publishBinary(service, { 'ce-type': 'order.shipped' }),
    { status: 200, body: { notifications: [{ id: '/shop 1', duplicate: true }] } },
    'in another mode it is the same event',
  )
})

t.test('P-205 in binary mode the body is the data, by its media type', async (t) => {
  const service = await startApp(t)
  const bodies: [type: string | undefined, body: string | Buffer | undefined, data: object][] = [
    [undefined, undefined, {}],
    ['application/json', '', {}],
    ['application/json; charset=utf-8', '{"a":[1]}', { data: { a: [1] } }],
    ['application/vnd.shop+json', '"text"', { data: 'text' }],
    ['text/plain', 'é', { data: 'é' }],
    ['text/plain', Buffer.of(0xff), { data_base64: '/w==' }],
    ['application/octet-stream', 'x', { data_base64: 'eA==' }],
    [undefined, '{}', { data_base64: 'e30=' }],
  ]
  const events = []
  for (const [index, [type, body, data]] of bodies.entries()) {
    const answer = await publishBinary(service, { 'ce-id': `${index}`, 'content-type': type }, body)
    t.equal(answer.status, 201, JSON.stringify(answer.body))
    const contentType = type === undefined ? {} : { datacontenttype: type }
    events.push({ ...event({ id: `${index}`, type: 't' }), ...contentType, ...data })
  }
  t.strictSame(
    (await stored(service)).map(({ data }) => data),
    events,
  )
  const refused = await publishBinary(service, { 'content-type': 'application/json' }, '{')
  t.match(refused, { status: 400, body: { code: 'bad-json' } })
})

t.test('P-205 a header is unquoted, then percent-decoded once, or refused', async (t) => {
  const service = await startApp(t)
  const values: [header: string, value: string][] = [
    ['plain, "not" all', 'plain, "not" all'],
    ['Euro %E2%82%AC %F0%9F%98%80', 'Euro € 😀'],
    ['"quoted \\" \\\\ %2525"', 'quoted " \\ %25'],
    ['%c3%A9', 'é'],
    ['', ''],
  ]
  for (const [index, [header, value]] of values.entries()) {
    await publishBinary(service, { 'ce-id': `${index}`, 'ce-extension': header })
    t.match((await stored(service))[index], { data: { extension: value } }, header)
  }
  const bad: [headers: Record<string, string | undefined>, pointer: string][] = [
    [{ 'ce-extension': '100%' }, '/extension'],
    [{ 'ce-extension': '%C0%80' }, '/extension'],
    [{ 'ce-extension': 'é' }, '/extension'],
    [{ 'ce-extension': '%0A' }, '/extension'],
    [{ 'ce-id': 'a', 'CE-ID': 'b' }, '/id'],
    [{ 'ce-datacontenttype': 'text/plain' }, '/datacontenttype'],
    [{ 'ce-data': 'x' }, '/data'],
    [{ 'ce-a-b': 'x' }, '/a-b'],
    [{ 'ce-subject': undefined }, '/subject'],
    [{ 'ce-id': undefined }, '/id'],
  ]
  for (const [headers, pointer] of bad) {
    t.match(
      await publishBinary(service, headers, 'x'),
      { status: 400, body: { code: 'bad-notification', errors: [{ pointer }] } },
      JSON.stringify(headers),
    )
  }
  t.equal((await stored(service)).length, values.length, 'nothing of these was stored')
})
