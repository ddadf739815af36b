import t from 'tap'
import { request } from 'undici'
import { type RunningApp, startApp } from '../support/app.ts'
import { get, publish } from '../support/clients/requests.ts'
import { getBytes, openRaw, UPGRADE } from '../support/raw-http.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const PAGE = 'https://app.example'
const OTHER = 'https://evil.example'

type Teardown = Parameters<typeof openRaw>[0]

/** The status of the answer to an upgrade that a page of `origin` asks for. */
async function upgrade(t: Teardown, { port }: RunningApp, headers: Record<string, string>): Promise<string> {
  const connection = await openRaw(t, port)
  connection.socket.write(
    getBytes('/v1/stream?channel=a', { host: `127.0.0.1:${port}`, ...UPGRADE, ...headers }),
  )
  const head = await connection.readThrough('\r\n\r\n')
  if (head.startsWith('HTTP/1.1 101 ')) return '101'
  return /"code":"([^"]*)"/.exec((await connection.rest()).toString())?.[1] ?? head
}

t.test('P-130 a WebSocket is for pages of the same host and port, or of the list', async (t) => {
  const service = await startApp(t, { settings: { allowedOrigins: [PAGE] } })
  const own = `127.0.0.1:${service.port}`
  for (const origin of [PAGE, `http://${own}`, `https://${own}`]) {
    t.equal(await upgrade(t, service, { origin }), '101', origin)
  }
  for (const origin of [OTHER, 'null', 'http://127.0.0.1:1', `${PAGE}:8443`, `http://${own}.evil.example`]) {
    t.equal(await upgrade(t, service, { origin }), 'origin-refused', origin)
  }
  t.equal(await upgrade(t, service, {}), '101', 'no page')
  const forAll = await startApp(t, { settings: { allowedOrigins: ['*'] } })
  t.equal(await upgrade(t, forAll, { origin: OTHER }), '101', 'every page')
})

t.test(
  'P-131 a token in a cookie is for pages of the same host and port, or named on the list',
  async (t) => {
    const jwt = { auth: 'jwt', jwtSecret: JWT_SECRET, tokenCookie: 'session' } as const
    const cookie = `session=${await mintToken({ tidings: { subscribe: ['a'], publish: ['a'], admin: true } })}`
    for (const allowedOrigins of [[PAGE], ['*']]) {
      const service = await startApp(t, { settings: { ...jwt, allowedOrigins } })
      const ask = async (origin: Record<string, string>) => {
        const headers = { ...origin, cookie, host: `127.0.0.1:${service.port}` }
        return [
          (await get(service, '/v1/stream?channel=a', headers)).status,
          (await head(service, '/v1/stream?channel=a', headers)).status,
          (await get(service, '/v1/stats', headers)).status,
          (await publish(service, { channel: 'a', data: 1 }, headers)).status,
          await upgrade(t, service, headers),
        ]
      }
      const good = [200, 200, 200, 201, '101']
      const refused = [403, 403, 403, 403, 'origin-refused']
      t.same(await ask({ origin: PAGE }), allowedOrigins.includes(PAGE) ? good : refused)
      t.same(await ask({ origin: `http://127.0.0.1:${service.port}` }), good, 'its own')
      t.same(await ask({}), good, 'no page')
      t.same(await ask({ origin: OTHER }), refused)
      t.same(await ask({ origin: 'null' }), refused)
      const authorization = `Bearer ${cookie.slice('session='.length)}`
      const { status } = await get(service, '/v1/stats', { origin: OTHER, authorization })
      t.equal(status, 200, 'who has the token itself needs no cookie')
    }
  },
)

t.test('P-132 answers, problem documents and streams are for pages of the list', async (t) => {
  const service = await startApp(t, { settings: { allowedOrigins: [PAGE, 'https://b.example'] } })
  const asks = [
    () => get(service, '/livez', { origin: PAGE }),
    () => get(service, '/v1/stats', { origin: PAGE }),
    () => get(service, '/v1/stream?channel=a', { origin: PAGE }),
    () => get(service, '/v1/stream', { origin: PAGE }),
    () => get(service, '/nowhere', { origin: PAGE }),
    () => publish(service, { channel: 'a', data: 1 }, { origin: PAGE }),
    () => publish(service, '{', { origin: PAGE }),
    () => head(service, '/v1/stream?channel=a&transport=sse', { origin: PAGE }),
    () => head(service, '/v1/stats', { origin: PAGE }),
  ]
  for (const ask of asks) {
    const { headers } = await ask()
    t.match(headers, {
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
      vary: /^Origin(, Accept)?$/,
      'x-content-type-options': 'nosniff',
    })
  }
  for (const origin of [OTHER, 'null', `${PAGE}.evil.example`]) {
    const { status, headers } = await get(service, '/v1/stream?channel=a', { origin })
    t.equal(status, 200, 'the browser keeps the answer from the page')
    t.strictSame(corsHeaders(headers), [], origin)
    t.equal(headers['vary'], 'Origin, Accept')
  }
})

t.test('P-132 a preflight says what pages may send, and may be kept', async (t) => {
  const service = await startApp(t, { settings: { allowedOrigins: [PAGE] } })
  const { statusCode, headers } = await request(`${service.url}/v1/notifications`, {
    method: 'OPTIONS',
    headers: { origin: PAGE, 'access-control-request-method': 'POST' },
    reset: true,
  })
  t.equal(statusCode, 204)
  t.match(headers, {
    'access-control-allow-origin': PAGE,
    'access-control-allow-methods': /POST/,
    'access-control-allow-headers':
      'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, traceparent',
    'access-control-max-age': '7200',
  })
  const other = await request(`${service.url}/v1/notifications`, {
    method: 'OPTIONS',
    headers: { origin: OTHER, 'access-control-request-method': 'POST' },
    reset: true,
  })
  t.strictSame([other.statusCode, corsHeaders(other.headers)], [405, []], 'pages of others are told nothing')
})

t.test('P-132 with * every page is told yes, but none may use cookies; by default none is', async (t) => {
  const forAll = await startApp(t, { settings: { allowedOrigins: ['*'] } })
  const { headers } = await get(forAll, '/livez', { origin: OTHER })
  t.equal(headers['access-control-allow-origin'], '*')
  t.equal(headers['access-control-allow-credentials'], undefined)
  const closed = await startApp(t)
  for (const path of ['/livez', '/v1/stream?channel=a', '/nowhere']) {
    const { headers } = await get(closed, path, { origin: OTHER })
    t.equal(headers['access-control-allow-origin'], undefined, path)
  }
})

t.test(
  'P-133 only a proxy that is trusted says who the client is, and which host it asked for',
  async (t) => {
    const forwarded = { origin: PAGE, 'x-forwarded-host': 'app.example', 'x-forwarded-proto': 'https' }
    const trusting = await startApp(t, {
      settings: { trustProxy: ['loopback'], maxConnectionsPerAddress: 1 },
    })
    t.equal(await upgrade(t, trusting, { ...forwarded, 'x-forwarded-for': '192.0.2.1' }), '101')
    t.equal(
      await upgrade(t, trusting, { ...forwarded, 'x-forwarded-for': '192.0.2.1' }),
      'too-many-connections',
    )
    t.equal(await upgrade(t, trusting, { ...forwarded, 'x-forwarded-for': '192.0.2.2' }), '101')
    t.equal(
      await upgrade(t, trusting, { ...forwarded, 'x-forwarded-for': '192.0.2.3, 192.0.2.1' }),
      'too-many-connections',
      'what a client has written before it does not count',
    )
    t.equal(await upgrade(t, trusting, { ...forwarded, 'x-forwarded-for': 'nonsense' }), '101')
    t.equal(
      await upgrade(t, trusting, { ...forwarded, 'x-forwarded-for': 'more nonsense' }),
      'too-many-connections',
      'what is no address is no client of its own',
    )
    for (const trustProxy of [[], ['192.0.2.0/24']]) {
      const service = await startApp(t, { settings: { trustProxy, maxConnectionsPerAddress: 1 } })
      t.equal(await upgrade(t, service, forwarded), 'origin-refused')
      t.equal(await upgrade(t, service, { 'x-forwarded-for': '192.0.2.1' }), '101')
      t.equal(await upgrade(t, service, { 'x-forwarded-for': '192.0.2.2' }), 'too-many-connections')
    }
  },
)

t.test('P-137 where everyone is welcome, no page can make the loopback its own by its name', async (t) => {
  const service = await startApp(t, { settings: { allowedOrigins: [PAGE], trustProxy: ['loopback'] } })
  const { port } = service
  const evil = `evil.example:${port}`
  for (const host of [evil, 'localhost.evil.example', '127.0.0.1.evil.example', 'evillocalhost', '']) {
    for (const path of ['/v1/stream?channel=a', '/v1/stats', '/livez', '/nowhere']) {
      const { status, body } = await get(service, path, { host, 'x-forwarded-host': 'localhost' })
      t.match([status, body], [421, { code: 'host-refused' }], `${host} ${path}`)
    }
    t.equal((await publish(service, { channel: 'a', data: 1 }, { host })).status, 421, host)
    t.equal(await upgrade(t, service, { host, origin: `http://${host}` }), 'host-refused', host)
  }
  t.equal((await service.log.bounds()).last, 0, 'nothing was stored')
  const own = ['localhost', `LOCALHOST:${port}`, 'a.localhost:1', '127.0.0.1', `[::1]:${port}`, '192.0.2.1']
  for (const host of [...own, 'app.example', 'App.example:443']) {
    t.equal((await get(service, '/v1/stats', { host })).status, 200, host)
  }
})

t.test('P-137 the name does not count where a token is asked for, or every page is welcome', async (t) => {
  for (const settings of [
    { auth: 'jwt', jwtSecret: JWT_SECRET },
    { allowedOrigins: ['*'] },
    { host: '192.0.2.1' },
  ] as const) {
    const service = await startApp(t, { settings })
    t.equal((await get(service, '/livez', { host: 'any.example' })).status, 200)
  }
})

/** What an answer tells browsers about pages of other origins. */
function corsHeaders(headers: object): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'))
}

/** Status and headers of an answer that does not end. */
async function head({ url }: RunningApp, path: string, wanted: Record<string, string>) {
  const { statusCode, headers, body } = await request(`${url}${path}`, {
    headers: { ...wanted, accept: 'text/event-stream' },
  })
  body.on('error', () => undefined).destroy()
  return { status: statusCode, headers }
}
