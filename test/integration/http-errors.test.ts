import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { webSocketUpgrades } from '../../src/http/upgrade.ts'
import { LogUnavailable } from '../../src/log/log.ts'
import { startApp } from '../support/app.ts'
import { logWith, MAX_BODY_BYTES, type PublishService, sendRaw, servePublish } from '../support/http.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { getBytes, UPGRADE } from '../support/raw-http.ts'

const GOOD = '{"channel":"a","data":1}'

/** A request as bytes; a header is left out by `undefined`. */
function publishBytes(body: string, headers: Record<string, string | undefined> = {}): string {
  const all = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) =>
    value === undefined ? '' : `${name}: ${value}\r\n`,
  )
  return `POST /v1/notifications HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

async function goesOn(t: Test, { url, log }: PublishService, already = 0) {
  t.equal((await log.bounds()).last, already, 'nothing of it was stored')
  const answer = await request(`${url}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: GOOD,
  })
  await answer.body.dump()
  t.equal(answer.statusCode, 201, 'the service goes on')
}

t.test('what is no HTTP gets a problem document, and the connection is closed', async (t) => {
  const chunked = { 'content-length': undefined, 'transfer-encoding': 'chunked' }
  const cases: [what: string, bytes: string | Buffer, status: number, code: string, finish?: boolean][] = [
    ['no HTTP at all', 'EHLO example.org\r\n\r\n', 400, 'bad-request'],
    ['TLS', Buffer.from('16030100f1010000ed0303', 'hex'), 400, 'bad-request'],
    ['an unknown method', 'SHOUT / HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'bad-request'],
    ['a space in the path', 'GET /a b HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'bad-request'],
    ['a NUL in a header', publishBytes(GOOD, { 'idempotency-key': 'a\0b' }), 400, 'bad-request'],
    ['a lone CR in a header', publishBytes(GOOD, { 'idempotency-key': 'a\rb: c' }), 400, 'bad-request'],
    ['a folded header', publishBytes(GOOD, { 'idempotency-key': 'a\r\n b' }), 400, 'bad-request'],
    ['headers too large', publishBytes(GOOD, { 'x-filler': 'x'.repeat(20_000) }), 431, 'headers-too-large'],
    ['a URL too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n`, 431, 'headers-too-large'],
    [
      'Content-Length and Transfer-Encoding',
      publishBytes(GOOD, { 'transfer-encoding': 'chunked' }),
      400,
      'bad-request',
    ],
    ['two Content-Lengths', publishBytes(GOOD, { 'Content-Length': '5' }), 400, 'bad-request'],
    [
      'a Content-Length that is no number',
      publishBytes(GOOD, { 'content-length': '1e1' }),
      400,
      'bad-request',
    ],
    ['a negative Content-Length', publishBytes(GOOD, { 'content-length': '-1' }), 400, 'bad-request'],
    ['a chunk size that is no number', publishBytes(`x\r\n${GOOD}`, chunked), 400, 'bad-request'],
    ['an endless chunk extension', publishBytes(`5;${'x'.repeat(20_000)}`, chunked), 413, 'too-large'],
    ['half a request line', 'POST /v1/notif', 400, 'bad-request', true],
    [
      'half the headers',
      'POST /v1/notifications HTTP/1.1\r\nhost: localhost\r\ncontent-',
      400,
      'bad-request',
      true,
    ],
    ['half a body', publishBytes(GOOD, { 'content-length': '100' }), 400, 'bad-request', true],
    ['half a chunked body', publishBytes(`18\r\n${GOOD}\r\n`, chunked), 400, 'bad-request', true],
  ]
  for (const [what, bytes, status, code, finish] of cases) {
    const service = await servePublish(t)
    const { statuses, body } = await sendRaw(service.port, bytes, finish)
    t.strictSame(statuses, [status], what)
    t.match(JSON.parse(body), { code, status }, what)
    await goesOn(t, service)
  }
})

t.test('what Node would answer by itself gets a problem document, too', async (t) => {
  const close = { connection: 'close' }
  const cases: [what: string, bytes: string, status: number, code: string][] = [
    ['no Host', publishBytes(GOOD, { host: undefined, ...close }), 400, 'bad-request'],
    ['two Hosts', publishBytes(GOOD, { Host: 'localhost', ...close }), 400, 'bad-request'],
    ['no Host, and no route', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'bad-request'],
    ['an expectation', publishBytes(GOOD, { expect: 'banana', ...close }), 417, 'expectation-failed'],
    ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n', 405, 'method-not-allowed'],
  ]
  for (const [what, bytes, status, code] of cases) {
    const service = await servePublish(t)
    const { statuses, head, body } = await sendRaw(service.port, bytes)
    t.strictSame(statuses, [status], what)
    t.match(head, /^content-type: application\/problem\+json\r?$/im, what)
    t.match(JSON.parse(body), { code, status }, what)
    await goesOn(t, service)
  }
  const { port } = await startApp(t)
  const { body } = await sendRaw(port, getBytes('/v1/stream', UPGRADE).replace('host: localhost\r\n', ''))
  t.match(JSON.parse(body), { code: 'bad-request' }, 'no Host in an upgrade')
})

t.test('HTTP/1.0 needs no Host, and 100-continue is an expectation that is met', async (t) => {
  const service = await servePublish(t)
  const old = publishBytes(GOOD, { host: undefined }).replace('HTTP/1.1', 'HTTP/1.0')
  t.strictSame((await sendRaw(service.port, old)).statuses, [201])
  const expecting = publishBytes(GOOD, { expect: '100-continue', connection: 'close' })
  t.strictSame((await sendRaw(service.port, expecting)).statuses, [100, 201])
})

t.test('a CONNECT behind a request waits until that is answered', async (t) => {
  let refused: Promise<unknown> = Promise.resolve()
  const log = logWith(async (drafts, inner) => {
    await refused
    return inner.append(drafts)
  })
  const service = await servePublish(t, { log })
  refused = once(service.app.server, 'connect')
  const { statuses } = await sendRaw(
    service.port,
    `${publishBytes(GOOD)}CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  )
  t.strictSame(statuses, [201, 405])
})

t.test('a connection that Node has given up and that is reset does not end the process', async (t) => {
  for (const [what, event, bytes] of [
    ['CONNECT', 'connect', 'CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['an upgrade', 'upgrade', getBytes('/livez', UPGRADE)],
  ] as const) {
    let released: Promise<unknown> = Promise.resolve()
    const log = logWith(async (drafts, inner) => {
      await released
      return inner.append(drafts)
    })
    const service = await servePublish(t, { log })
    const { server } = service.app
    webSocketUpgrades(server)
    released = once(server, 'release')
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const given = once(server, event)
    const socket = connect(service.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(publishBytes(GOOD) + bytes)
    const [near] = await accepted
    await given
    const closed = new Promise((resolve) => near.once('close', resolve))
    near.destroy(new Error('reset by the test'))
    await closed
    socket.destroy()
    server.emit('release')
    t.pass(what)
  }
})

t.test('a request that does not arrive in time is answered with 408', async (t) => {
  const server = { requestTimeout: 50, http: { headersTimeout: 50, connectionsCheckingInterval: 10 } }
  for (const [what, bytes] of [
    ['half the headers', 'POST /v1/notifications HTTP/1.1\r\nhost: localhost\r\n'],
    ['half the body', publishBytes(GOOD, { 'content-length': '100' })],
  ] as const) {
    const service = await servePublish(t, { server })
    const { statuses, body } = await sendRaw(service.port, bytes)
    t.strictSame(statuses, [408], what)
    t.match(JSON.parse(body), { code: 'request-timeout' }, what)
    await goesOn(t, service)
  }
})

t.test('how long a request may take to arrive is what the setting says, though it is short', async (t) => {
  const { port } = await startApp(t, { settings: { requestTimeoutSeconds: 1 } })
  const begin = performance.now()
  const { statuses, body } = await sendRaw(port, publishBytes(GOOD, { 'content-length': '100' }))
  t.strictSame(statuses, [408])
  t.match(JSON.parse(body), { code: 'request-timeout' })
  t.ok(performance.now() - begin < 5_000)
})

t.test('a connection that is reset in the middle of a body leaves nothing behind', async (t) => {
  const service = await servePublish(t)
  const gone = new Promise((resolve) => {
    service.app.server.once('connection', (socket) => socket.once('close', resolve))
  })
  const arrived = once(service.app.server, 'request')
  const socket = connect(service.port, '127.0.0.1')
  socket.write(publishBytes(GOOD, { 'content-length': '100' }))
  await arrived
  socket.resetAndDestroy()
  await gone
  await goesOn(t, service)
})

t.test('a body too large is refused, with its length told or not', async (t) => {
  for (const headers of [{}, { 'content-length': undefined, 'transfer-encoding': 'chunked' }]) {
    const service = await servePublish(t)
    const size = MAX_BODY_BYTES + 1
    const body =
      'transfer-encoding' in headers ? `${size.toString(16)}\r\n${' '.repeat(size)}` : ' '.repeat(size)
    const { statuses, body: text } = await sendRaw(service.port, publishBytes(body, headers))
    t.strictSame(statuses, [413])
    t.match(JSON.parse(text), { code: 'too-large', detail: new RegExp(String(MAX_BODY_BYTES)) })
    await goesOn(t, service)
  }
})

t.test('pipelined requests are all answered, in order', async (t) => {
  const service = await servePublish(t)
  const last = publishBytes(GOOD, { connection: 'close' })
  const { statuses } = await sendRaw(service.port, publishBytes(GOOD) + publishBytes('{') + last)
  t.strictSame(statuses, [201, 400, 201])
  t.equal((await service.log.bounds()).last, 2)
})

t.test('garbage behind a request does not cost that request its answer', async (t) => {
  let refused: Promise<unknown> = Promise.resolve()
  const log = logWith(async (drafts, inner) => {
    await refused
    return inner.append(drafts)
  })
  const service = await servePublish(t, { log })
  refused = once(service.app.server, 'clientError')
  const { statuses, body } = await sendRaw(service.port, `${publishBytes(GOOD)}garbage\r\n\r\n`)
  t.strictSame(statuses, [201, 400])
  t.match(JSON.parse(body), { code: 'bad-request' })
  await goesOn(t, service, 1)
})

t.test('of garbage behind a request that waits, only the first piece is read', async (t) => {
  let released: Promise<unknown> = Promise.resolve()
  const log = logWith(async (drafts, inner) => {
    await released
    return inner.append(drafts)
  })
  const service = await servePublish(t, { log })
  const { server } = service.app
  released = once(server, 'release')
  let errors = 0
  server.on('clientError', () => errors++)
  const refused = once(server, 'clientError')
  const socket = connect(service.port, '127.0.0.1').setNoDelay()
  socket.on('error', () => undefined).resume()
  const closed = once(socket, 'close')
  socket.write(`${publishBytes(GOOD)}garbage\r\n\r\n`)
  await refused
  for (let pieces = 0; pieces < 3; pieces++) {
    socket.write('more garbage\r\n\r\n')
    // A round trip on another connection, by the end of which the server could have read it.
    await request(`${service.url}/livez`).then(({ body }) => body.dump())
  }
  server.emit('release')
  await closed
  t.equal(errors, 1)
})

t.test(
  'garbage behind a request whose answer has begun ends the connection, and adds nothing to it',
  async (t) => {
    const service = await servePublish(t, {
      routes: (app) => {
        app.get('/stream', (_request, reply) => {
          reply.hijack()
          reply.raw.write('begun')
        })
      },
    })
    const socket = connect(service.port, '127.0.0.1')
    socket.write('GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const [head] = await once(socket, 'data')
    t.match(String(head), /^HTTP\/1\.1 200 /)
    let more = ''
    socket.on('data', (bytes) => {
      more += bytes
    })
    socket.on('error', () => undefined)
    socket.write('garbage\r\n\r\n')
    await once(socket, 'close')
    t.notMatch(more, /HTTP/)
  },
)

t.test('a path without a route is 404 where preflights are answered, too', async (t) => {
  const service = await startApp(t, { settings: { allowedOrigins: ['https://app.example'] } })
  for (const [method, path, status] of [
    ['GET', '/nowhere', 404],
    ['OPTIONS', '/nowhere', 404],
    ['GET', '/v1/notifications', 405],
  ] as const) {
    const { statusCode, headers, body } = await request(`${service.url}${path}`, { method })
    t.equal(statusCode, status, `${method} ${path}`)
    t.equal(headers['allow'], status === 405 ? 'POST' : undefined)
    await body.dump()
  }
})

t.test('a path without a route is 404, and one with others is 405 with Allow', async (t) => {
  const service = await servePublish(t)
  const cases: [method: string, path: string, status: number, allow?: string][] = [
    ['GET', '/', 404],
    ['POST', '/v1', 404],
    ['GET', '/v1/notifications/', 404],
    ['GET', '/livez/../etc/passwd', 404],
    ['GET', '/v1/notifications?channel=a', 405, 'POST'],
    ['PUT', '/v1/notifications', 405, 'POST'],
    ['OPTIONS', '/v1/notifications', 405, 'POST'],
    ['PROPFIND', '/v1/notifications', 405, 'POST'],
    ['POST', '/livez', 405, 'GET, HEAD'],
    ['GET', '/%zz', 400],
  ]
  for (const [method, path, status, allow] of cases) {
    const bytes = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{`
    const answer = await sendRaw(service.port, bytes)
    t.strictSame(answer.statuses, [status], `${method} ${path}`)
    t.match(JSON.parse(answer.body), { status }, `${method} ${path}`)
    if (allow) t.match(answer.head, new RegExp(`^allow: ${allow}\r$`, 'm'))
  }
})

t.test('a fault of the service is told as such, and no more than that', async (t) => {
  const lines: string[] = []
  const service = await servePublish(t, {
    server: { logger: { level: 'error', stream: { write: (line: string) => void lines.push(line) } } },
    routes: (app) => {
      app.get('/fault', () => Promise.reject(new Error('password is hunter2')))
    },
  })
  const answer = await request(`${service.url}/fault`)
  const text = await answer.body.text()
  t.equal(answer.statusCode, 500)
  t.match(JSON.parse(text), { code: 'internal', status: 500 })
  t.notMatch(text, /hunter2/)
  t.match(lines.join(''), /hunter2/, 'the operator learns of it')
})

t.test(
  'a log that can do nothing is told to the operator in one line a second, without a stack',
  async (t) => {
    const lines: string[] = []
    const clock = new ManualClock()
    const log = logWith(() => Promise.reject(new LogUnavailable('the disk is on fire')))
    const service = await servePublish(t, {
      log,
      clock,
      server: { logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } } },
    })
    const about = () => lines.filter((line) => line.includes('the disk is on fire'))
    const refused = async () => {
      const answer = await request(`${service.url}/v1/notifications`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: GOOD,
      })
      t.match(await answer.body.json(), { code: 'log-unavailable', status: 503 })
      t.match(answer.headers, { 'retry-after': '1' })
    }
    await refused()
    await refused()
    clock.pass(999)
    await refused()
    t.equal(about().length, 1)
    t.match(JSON.parse(about()[0] ?? ''), { level: 40 })
    t.notMatch(about()[0], /errors\.test|stack/)
    clock.pass(1)
    await refused()
    t.equal(about().length, 2)
  },
)
