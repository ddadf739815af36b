import { createHash, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { type Ask, attempt, COOKIE, PLACES, placesFor, STREAMS } from '../support/attempts.ts'
import { answerTo, inSeconds, revoke } from '../support/revocations.ts'
import { JWT_SECRET, mintToken } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const API_KEY = 'tdk_of-the-shop'
const ISSUER = 'https://id.example'
const AUDIENCE = 'tidings'
const GRANTS = { subscribe: ['news:**'], publish: ['news:**'], admin: true }
const NOW = Math.floor(Date.now() / 1000)

/** What a good token has in it. */
const CLAIMS = { sub: '42', exp: NOW + 3600, iss: ISSUER, aud: AUDIENCE, tidings: GRANTS }

function signed(alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> {
  return new SignJWT(CLAIMS).setProtectedHeader({ alg }).sign(key)
}

/** Every kind of credential, and the code it is refused with; `undefined`: it opens every route. */
const CREDENTIALS: Readonly<
  Record<
    string,
    readonly [credential: string | undefined, code?: 'forbidden' | 'unauthenticated' | `token-${string}`]
  >
> = {
  none: [undefined, 'unauthenticated'],
  'an empty one': ['', 'token-invalid'],
  'no token at all': ['nonsense', 'token-invalid'],
  'an expired token': [await mintToken({ ...CLAIMS, exp: NOW - 1 }), 'token-expired'],
  'a token that is not valid yet': [await mintToken({ ...CLAIMS, nbf: NOW + 60 }), 'token-invalid'],
  'a token without an end': [await mintToken({ ...CLAIMS, exp: undefined }), 'token-invalid'],
  'a token by another secret': [await mintToken(CLAIMS, { secret: 'x'.repeat(32) }), 'token-invalid'],
  'a token with alg none': [new UnsecuredJWT(CLAIMS).encode(), 'token-invalid'],
  'a token by HS512': [await signed('HS512', Buffer.from(JWT_SECRET.repeat(2))), 'token-invalid'],
  'a token by HS256 with the public key as secret': [
    await signed('HS256', Buffer.from(PEM)),
    'token-invalid',
  ],
  'a token for another audience': [await mintToken({ ...CLAIMS, aud: 'other' }), 'token-invalid'],
  'a token by another issuer': [await mintToken({ ...CLAIMS, iss: 'other' }), 'token-invalid'],
  'a revoked token': [await mintToken({ ...CLAIMS, jti: 'revoked' }), 'token-revoked'],
  'an API key that is not known': ['tdk_unknown', 'token-invalid'],
  'a good token without grants': [await mintToken({ ...CLAIMS, tidings: undefined }), 'forbidden'],
  'a good token with grants for other things': [
    await mintToken({ ...CLAIMS, tidings: { subscribe: ['old:**'], publish: ['old:*'] } }),
    'forbidden',
  ],
  'an API key without grants': ['tdk_poor', 'forbidden'],
  'a good token': [await mintToken(CLAIMS)],
  'a good token by RS256': [await signed('RS256', RSA.privateKey)],
  'an API key': [API_KEY],
}

const STATS: Ask = { method: 'GET', path: '/v1/stats', headers: {} }

/** Every route that asks who is there, and the status that says that it does what is asked. */
const ROUTES: Readonly<Record<string, readonly [ask: Ask, status: number]>> = {
  publish: [
    {
      method: 'POST',
      path: '/v1/notifications',
      headers: { 'content-type': 'application/json' },
      body: '{"channel":"news:1","data":1}',
    },
    201,
  ],
  'the stream by websocket': [STREAMS.websocket('news:*'), 101],
  'the stream by sse': [STREAMS.sse('news:*'), 200],
  'the stream by long-poll': [STREAMS['long-poll']('news:*'), 200],
  figures: [STATS, 200],
  metrics: [{ ...STATS, path: '/metrics' }, 200],
  'figures as events': [{ ...STATS, headers: { accept: 'text/event-stream' } }, 200],
}

/** The one that mode `none` has no use for. */
const REVOKE: readonly [ask: Ask, status: number] = [
  {
    method: 'POST',
    path: '/v1/revocations',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sub: 'nobody', until: inSeconds(3600) }),
  },
  201,
]

/** Routes that ask nobody. */
const OPEN_ROUTES = ['/livez', '/readyz']

function serve(t: Parameters<typeof startApp>[0] & { testdir(files: Record<string, string>): string }) {
  return startApp(t, {
    settings: {
      auth: 'jwt',
      jwtSecret: JWT_SECRET,
      jwtPublicKeyFile: join(t.testdir({ 'key.pem': PEM }), 'key.pem'),
      jwtIssuer: ISSUER,
      jwtAudience: AUDIENCE,
      tokenCookie: COOKIE,
      apiKeys: [
        { name: 'shop', sha256: sha256(API_KEY), ...GRANTS },
        { name: 'poor', sha256: sha256('tdk_poor'), subscribe: [], publish: [], admin: false },
      ],
    },
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

t.test('every route takes every credential for what it is, wherever in the request it is', async (t) => {
  const service = await serve(t)
  await revoke(service, { jti: 'revoked', until: inSeconds(3600) }, API_KEY)
  const [revoked = ''] = CREDENTIALS['a revoked token'] ?? []
  await until('it is known', async () => (await answerTo(service, revoked)).status === 401)
  const before = await service.log.bounds()
  for (const [route, [ask, success]] of Object.entries({ ...ROUTES, revocations: REVOKE })) {
    for (const [name, [credential, code]] of Object.entries(CREDENTIALS)) {
      for (const place of credential === undefined ? ([undefined] as const) : placesFor(ask)) {
        const wish = credential === undefined || !place ? ask : PLACES[place](ask, credential)
        const { status, headers, problem } = await attempt(service, wish)
        const what = `${route}: ${name} in ${place ?? 'no place'}`
        const challenge = headers['www-authenticate'] ?? 'none'
        if (code === undefined) {
          t.equal(status, success, what)
        } else {
          t.strictSame([status, problem?.code], [code === 'forbidden' ? 403 : 401, code], what)
          t.match(challenge, CHALLENGES[code] ?? /error="invalid_token"/, what)
          if (credential)
            t.notOk(JSON.stringify([headers, problem]).includes(credential), `${what} is not repeated`)
        }
      }
    }
  }
  const successes = Object.values(CREDENTIALS).filter(([, code]) => code === undefined).length
  const stored = (await service.log.bounds()).last - before.last
  t.equal(stored, 2 * successes * placesFor(STATS).length, 'what was refused was not stored')
})

/** What `WWW-Authenticate` says of some codes (RFC 6750 §3). */
const CHALLENGES: Readonly<Record<string, RegExp>> = {
  unauthenticated: /^Bearer realm="tidings"$/,
  forbidden: /^Bearer realm="tidings", error="insufficient_scope", error_description="[^"]+"$/,
}

t.test('health is told to everyone, whatever they show', async (t) => {
  const service = await serve(t)
  for (const path of OPEN_ROUTES) {
    for (const [name, [credential]] of Object.entries(CREDENTIALS)) {
      const ask: Ask = { method: 'GET', path, headers: {} }
      const wish = credential === undefined ? ask : PLACES.authorization(ask, credential)
      t.equal((await attempt(service, wish)).status, 200, `${path}: ${name}`)
    }
  }
})

t.test('in mode none nothing that anyone shows is looked at', async (t) => {
  const service = await startApp(t, { settings: { tokenCookie: COOKIE } })
  for (const [route, [ask, success]] of Object.entries(ROUTES)) {
    for (const place of placesFor(ask)) {
      t.equal((await attempt(service, PLACES[place](ask, 'nonsense'))).status, success, `${route}: ${place}`)
    }
    const basic = { ...ask, headers: { ...ask.headers, authorization: 'Basic eDp5' } }
    t.equal((await attempt(service, PLACES.query(basic, 'other'))).status, success, `${route}: Basic`)
  }
})
