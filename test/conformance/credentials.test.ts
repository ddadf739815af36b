import t from 'tap'
import { KeysUnavailable } from '../../src/auth/authenticator.ts'
import { LogUnavailable } from '../../src/log/log.ts'
import { startApp } from '../support/app.ts'
import { type Ask, attempt, COOKIE, PLACES, placesFor, STREAMS } from '../support/attempts.ts'
import { get, publish } from '../support/clients/requests.ts'
import { sendRaw } from '../support/http.ts'
import { PatientAuthenticator } from '../support/principals.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'

const SETTINGS = { auth: 'jwt', jwtSecret: JWT_SECRET, tokenCookie: COOKIE } as const
const PUBLISH: Ask = {
  method: 'POST',
  path: '/v1/notifications',
  headers: { 'content-type': 'application/json' },
  body: '{"channel":"news","data":1}',
}

t.test('P-100 a token is taken from each of the places, and different ones are refused', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  const [one, other] = [await mintToken({ tidings: { subscribe: ['a'] } }), await mintToken({ sub: '43' })]
  const ask = STREAMS.websocket('a')
  for (const place of placesFor(ask)) {
    const { status, headers } = await attempt(service, PLACES[place](ask, one))
    t.equal(status, 101, place)
    t.equal(headers['sec-websocket-protocol'], place === 'subprotocol' ? 'tidings.v1.json' : undefined)
  }
  const twice = PLACES.query(PLACES.authorization(ask, one), one)
  t.equal((await attempt(service, twice)).status, 101, 'the same one in two places')
  for (const [what, wish] of [
    ['header and query', PLACES.query(PLACES.authorization(ask, one), other)],
    ['header and subprotocol', PLACES.subprotocol(PLACES.authorization(ask, one), other)],
    ['query twice', PLACES.query(PLACES.query(ask, one), other)],
  ] as const) {
    const { status, problem } = await attempt(service, wish)
    t.match([status, problem?.code], [400, 'bad-query'], what)
  }
  const fields = [one, other].map((token) => `authorization: Bearer ${token}\r\n`).join('')
  const repeated = `GET ${STREAMS['long-poll']('a').path} HTTP/1.1\r\nhost: localhost\r\n${fields}\r\n`
  t.match(
    JSON.parse((await sendRaw(service.port, repeated, true)).body),
    { code: 'bad-query' },
    'header twice',
  )
  const cookie = PLACES.query(PLACES.cookie(ask, 'nonsense'), one)
  t.equal((await attempt(service, cookie)).status, 101, 'a cookie counts only where there is nothing else')
  const basic = { ...ask, headers: { ...ask.headers, authorization: 'Basic eDp5' } }
  t.match((await attempt(service, basic)).problem, { code: 'unauthenticated' })
})

t.test('P-101 who is not known learns nothing else, and why', async (t) => {
  const service = await startApp(t, { settings: SETTINGS })
  for (const [path, headers] of [
    ['/v1/stream?channel=a::b', {}],
    ['/v1/stream?channel=a', { 'last-event-id': 'nonsense' }],
    ['/v1/stats', {}],
  ] as const) {
    const none = await get(service, path, headers)
    t.equal(none.status, 401, path)
    t.match(none.body, { code: 'unauthenticated' })
    t.equal(none.headers['www-authenticate'], 'Bearer realm="tidings"')
    const bad = await get(service, path, { ...headers, authorization: 'Bearer nonsense' })
    t.match(bad.body, { status: 401, code: 'token-invalid' })
    t.match(
      bad.headers['www-authenticate'],
      /^Bearer realm="tidings", error="invalid_token", error_description="[ !#-[\]-~]+"$/,
    )
  }
  t.match((await publish(service, '{')).body, { code: 'unauthenticated' }, 'the body is not looked at')
})

t.test('P-101 while a credential can not be judged, the answer is 503', async (t) => {
  const authenticator = new PatientAuthenticator()
  const service = await startApp(t, { settings: SETTINGS, authenticator })
  for (const [error, code] of [
    [new KeysUnavailable('down'), 'keys-unavailable'],
    [new LogUnavailable('down'), 'log-unavailable'],
  ] as const) {
    authenticator.answer('x', error)
    for (const ask of [PUBLISH, ...Object.values(STREAMS).map((stream) => stream('a'))]) {
      const { status, headers, problem } = await attempt(service, PLACES.authorization(ask, 'x'))
      t.match([status, problem?.code, headers['retry-after']], [503, code, /^\d+$/])
    }
  }
})
