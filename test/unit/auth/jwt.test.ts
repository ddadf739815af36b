import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { Unauthenticated } from '../../../src/auth/authenticator.ts'
import { type JwtOptions, jwtAuthenticator } from '../../../src/auth/jwt.ts'
import { publicKeySource } from '../../../src/auth/keys/public-key.ts'
import { secretSource } from '../../../src/auth/keys/secret.ts'
import { JWT_SECRET, mintToken } from '../../support/tokens.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')

const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1000

const OPTIONS: JwtOptions = {
  sources: [secretSource(JWT_SECRET)],
  algorithms: ['HS256', 'RS256', 'ES256', 'EdDSA'],
  issuer: undefined,
  audience: undefined,
  clockToleranceSeconds: 0,
  defaults: { subscribe: [], publish: [] },
  now: () => NOW,
}

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

/** A token that runs out a minute after NOW. */
function mint(claims: Parameters<typeof mintToken>[0] = {}, options: Parameters<typeof mintToken>[1] = {}) {
  return mintToken({ exp: SECONDS + 60, ...claims }, options)
}

function sign(alg: string, key: KeyObject, claims: JWTPayload = {}): Promise<string> {
  return new SignJWT({ sub: '42', exp: SECONDS + 60, ...claims }).setProtectedHeader({ alg }).sign(key)
}

/** Why `token` is refused: code and detail. It must be, and the detail must have nothing of the token in it. */
async function refusal(token: string, options: Partial<JwtOptions> = {}): Promise<string> {
  const error: unknown = await jwtAuthenticator({ ...OPTIONS, ...options })
    .authenticate(token)
    .then(
      () => new Error('it was accepted'),
      (reason: unknown) => reason,
    )
  if (!(error instanceof Unauthenticated)) throw error
  const parts = token.split('.').filter((part) => part.length > 8)
  if (parts.some((part) => error.message.includes(part))) throw new Error('the detail has the token in it')
  return `${error.code}: ${error.message}`
}

t.test(
  'A good token makes a principal: name, subject, id, the millisecond it ends, and grants',
  async (t) => {
    const tidings = { subscribe: ['news:**', 'org:7:*'], publish: ['user:**'], admin: true }
    const token = await mint({ jti: 'j1', tidings })
    t.same(await jwtAuthenticator(OPTIONS).authenticate(token), {
      name: 'sub:42',
      subject: '42',
      tokenId: 'j1',
      expires: NOW + 60_000,
      grants: tidings,
    })
  },
)

t.test('A token without the claim `tidings` grants nothing', async (t) => {
  const { grants, tokenId } = await jwtAuthenticator(OPTIONS).authenticate(await mint())
  t.same(grants, { subscribe: [], publish: [], admin: false })
  t.equal(tokenId, undefined)
})

t.test('Default grants come on top, with {sub} replaced', async (t) => {
  const defaults = { subscribe: ['user:{sub}', 'news'], publish: ['{sub}:out:*'] }
  const authenticator = jwtAuthenticator({ ...OPTIONS, defaults })
  const { grants } = await authenticator.authenticate(await mint({ tidings: { subscribe: ['org:7'] } }))
  t.same(grants, { subscribe: ['org:7', 'user:42', 'news'], publish: ['42:out:*'], admin: false })
})

t.test(
  'A sub that is no single plain segment gets no default grant with {sub}, and widens none',
  async (t) => {
    const defaults = { subscribe: ['user:{sub}', 'news', '{sub}'], publish: ['{sub}:**'] }
    const authenticator = jwtAuthenticator({ ...OPTIONS, defaults })
    for (const sub of ['*', '**', 'a:b', 'a:**', '{sub}', 'a b', 'x'.repeat(65), ':', 'ä']) {
      const { grants } = await authenticator.authenticate(await mint({ sub }))
      t.same(grants, { subscribe: ['news'], publish: [], admin: false }, sub)
    }
  },
)

t.test('A default grant that the sub makes too long for a channel does not apply', async (t) => {
  const long = ['x'.repeat(64), 'x'.repeat(64), 'x'.repeat(64), '{sub}'].join(':')
  const authenticator = jwtAuthenticator({ ...OPTIONS, defaults: { subscribe: [long], publish: [] } })
  const { grants } = await authenticator.authenticate(await mint({ sub: 'y'.repeat(64) }))
  t.same(grants.subscribe, [])
})

t.test('A token is refused for its claims, and told which', async (t) => {
  const cases: readonly (readonly [Parameters<typeof mint>[0], RegExp])[] = [
    [{ exp: undefined }, /^token-invalid: .*`exp`/],
    [{ exp: SECONDS }, /^token-expired: /],
    [{ exp: NOW }, /^token-invalid: .*`exp` must be a number of seconds/],
    [{ sub: undefined }, /^token-invalid: .*`sub`/],
    [{ sub: '' }, /^token-invalid: .*`sub`/],
    [{ sub: 'a\nb' }, /^token-invalid: .*`sub`/],
    [{ sub: 'x'.repeat(256) }, /^token-invalid: .*`sub`/],
    [{ jti: '' }, /^token-invalid: .*`jti`/],
    [{ nbf: SECONDS + 1 }, /^token-invalid: .*not valid yet/],
    [{ tidings: [] }, /^token-invalid: .*`tidings` may have/],
    [{ tidings: null }, /^token-invalid: .*`tidings` may have/],
    [{ tidings: { subscribes: [] } }, /^token-invalid: .*`tidings` may have/],
    [{ tidings: { subscribe: ['a b'] } }, /^token-invalid: .*`tidings.subscribe`/],
    [{ tidings: { subscribe: ['news:{sub}'] } }, /^token-invalid: .*`tidings.subscribe`/],
    [{ tidings: { publish: ['a:**:b'] } }, /^token-invalid: .*`tidings.publish`/],
    [{ tidings: { publish: '**' } }, /^token-invalid: .*`tidings.publish`/],
    [{ tidings: { admin: 1 } }, /^token-invalid: .*`tidings.admin`/],
  ]
  for (const [claims, expected] of cases) {
    t.match(await refusal(await mint(claims)), expected, JSON.stringify(claims))
  }
})

t.test('Dates may be off by the clock tolerance, and the token is good so much longer', async (t) => {
  const options = { clockToleranceSeconds: 5 }
  const authenticator = jwtAuthenticator({ ...OPTIONS, ...options })
  const { expires } = await authenticator.authenticate(await mint({ exp: SECONDS - 4, nbf: SECONDS + 5 }))
  t.equal(expires, NOW + 1000)
  t.match(await refusal(await mint({ exp: SECONDS - 5 }), options), /^token-expired/)
  t.match(await refusal(await mint({ nbf: SECONDS + 6 }), options), /not valid yet/)
})

t.test('Issuer and audience are looked at where they are configured', async (t) => {
  const options = { issuer: 'https://id.example/', audience: 'tidings' }
  const authenticator = jwtAuthenticator({ ...OPTIONS, ...options })
  const good = { iss: 'https://id.example/', aud: ['other', 'tidings'] }
  t.equal((await authenticator.authenticate(await mint(good))).subject, '42')
  t.match(await refusal(await mint({ ...good, iss: 'https://id.example' }), options), /issuer/)
  t.match(await refusal(await mint({ ...good, aud: 'other' }), options), /audience/)
  t.match(await refusal(await mint({ iss: good.iss }), options), /audience/)
  t.match(await refusal(await mint({ aud: good.aud }), options), /issuer/)
})

t.test('A public key verifies the tokens of its algorithm', async (t) => {
  for (const [alg, pair] of [
    ['RS256', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
  ] as const) {
    const authenticator = jwtAuthenticator({ ...OPTIONS, sources: [publicKeySource(pem(pair.publicKey))] })
    t.equal((await authenticator.authenticate(await sign(alg, pair.privateKey))).subject, '42', alg)
  }
})

t.test('A token by another key is refused', async (t) => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const sources = [publicKeySource(pem(rsa.publicKey))]
  t.match(await refusal(await sign('RS256', other.privateKey), { sources }), /^token-invalid: .*not signed/)
  t.match(await refusal(await mint({}, { secret: 'another secret of more than 32 bytes!' })), /not signed/)
})

t.test('An algorithm off the allow-list is refused, though there is a key for it', async (t) => {
  t.match(await refusal(await mint(), { algorithms: ['RS256'] }), /algorithm/)
  const sources = [publicKeySource(pem(rsa.publicKey))]
  t.match(await refusal(await sign('RS512', rsa.privateKey), { sources }), /algorithm/)
  t.match(await refusal(await sign('PS256', rsa.privateKey), { sources }), /algorithm/)
})

t.test('Without any key source no token is good', async (t) => {
  t.match(await refusal(await mint(), { sources: [] }), /algorithm/)
})

t.test('`alg: none` is refused, in every spelling', async (t) => {
  const unsecured = new UnsecuredJWT({ sub: '42', exp: SECONDS + 60 }).encode()
  t.match(await refusal(unsecured), /^token-invalid/)
  const [, payload] = unsecured.split('.')
  for (const alg of ['None', 'NONE', 'nOnE', '', 'HS256']) {
    const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
    t.match(await refusal(`${header}.${payload}.`), /^token-invalid/, alg)
  }
})

t.test('A public key is never taken for an HMAC secret', async (t) => {
  for (const sources of [
    [publicKeySource(pem(rsa.publicKey))],
    [publicKeySource(pem(rsa.publicKey)), secretSource(JWT_SECRET)],
  ]) {
    for (const secret of [pem(rsa.publicKey), pem(rsa.publicKey).trim()]) {
      t.match(await refusal(await mint({}, { secret }), { sources }), /^token-invalid/)
    }
  }
})

t.test('Keys that the header offers, and `kid`s that look like something else, change nothing', async (t) => {
  const jwk = { ...ed.publicKey.export({ format: 'jwk' }), alg: 'EdDSA' }
  const offered = new SignJWT({ sub: '42', exp: SECONDS + 60 }).setProtectedHeader({
    alg: 'EdDSA',
    jwk,
    jku: 'http://127.0.0.1:1/',
    x5u: 'http://127.0.0.1:1/',
  })
  const other = generateKeyPairSync('ed25519')
  const sources = [publicKeySource(pem(other.publicKey))]
  t.match(await refusal(await offered.sign(ed.privateKey), { sources }), /not signed/)

  const secret = 'another secret of more than 32 bytes!'
  for (const kid of ['../../dev/null', "' OR 1=1 --", '__proto__', 'http://127.0.0.1:1/', 7, null, {}]) {
    t.match(await refusal(await mint({}, { secret, header: { kid } })), /^token-invalid/, String(kid))
  }
})

t.test('A header with `crit` is refused, also for `b64`', async (t) => {
  const [, payload, signature] = (await mint()).split('.')
  for (const extra of [
    { crit: ['exp'], exp: 1 },
    { crit: ['b64'], b64: false },
    { crit: ['b64'], b64: true },
    { crit: [] },
    { crit: 'b64' },
  ]) {
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', ...extra })).toString('base64url')
    t.match(await refusal(`${header}.${payload}.${signature}`), /^token-invalid/, JSON.stringify(extra))
  }
})

t.test('What is no JWT is refused', async (t) => {
  const [header, payload, signature] = (await mint()).split('.')
  for (const token of [
    '',
    '.',
    '..',
    'a.b.c',
    'ä.ö.ü',
    `${header}.${payload}`,
    `${header}..${signature}`,
    `${header}.${payload}.${signature}.`,
    `${header}.${payload}.${signature}.a.b`,
    `${header}.${payload}.${signature} `,
    `${header}.${payload}.${signature}=`,
    `${header}.${payload}.\n${signature}`,
    `${header}.${payload}.`,
    `"${header}.${payload}.${signature}"`,
  ]) {
    t.match(await refusal(token), /^token-invalid/, token.slice(0, 10))
  }
})

t.test('A signature has one spelling: the bits beyond its last byte are zero', async (t) => {
  const token = await mint()
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = digits.indexOf(token.slice(-1))
  t.equal(last % 4, 0)
  for (const stray of [1, 2, 3])
    t.match(await refusal(token.slice(0, -1) + digits[last + stray]), /^token-invalid/)
})
