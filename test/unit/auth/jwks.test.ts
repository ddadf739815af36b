import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { jwtAuthenticator } from '../../../src/auth/jwt.ts'
import { COOL_DOWN_MS, JwksSource, KEEP_MS, MAX_AGE_MS } from '../../../src/auth/keys/jwks.ts'
import { secretSource } from '../../../src/auth/keys/secret.ts'
import {
  answerWith,
  type IdentityProvider,
  makeSigner,
  type Signer,
  startIdentityProvider,
} from '../../support/identity-provider.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { JWT_SECRET, mintToken } from '../../support/tokens.ts'
import { until } from '../../support/until.ts'

const UNKNOWN = { name: 'Unauthenticated', code: 'token-invalid', message: /not signed by a key/ }
const UNAVAILABLE = { name: 'KeysUnavailable' }

/** An authenticator whose keys come from `provider`; what it tells the operator is in `warnings`. */
function open(provider: IdentityProvider) {
  const clock = new ManualClock()
  const warnings: string[] = []
  const source = new JwksSource({
    url: provider.url,
    warn: (message) => warnings.push(message),
    now: clock.now,
  })
  const authenticator = jwtAuthenticator({
    sources: [secretSource(JWT_SECRET), source],
    algorithms: ['HS256', 'RS256', 'ES256', 'EdDSA'],
    issuer: undefined,
    audience: undefined,
    clockToleranceSeconds: 0,
    defaults: { subscribe: [], publish: [] },
  })
  const admit = async (signer: Signer) => (await authenticator.authenticate(await signer.sign())).subject
  return { admit, authenticate: authenticator.authenticate, clock, warnings }
}

async function openWith(t: Test, ...signers: Signer[]) {
  const provider = await startIdentityProvider(
    t,
    signers.map(({ jwk }) => jwk),
  )
  return { provider, ...open(provider) }
}

const [first, second, stranger] = [makeSigner('1'), makeSigner('2'), makeSigner('1')]

t.test('The set is fetched when the first token comes, once for many, and then kept', async (t) => {
  const { provider, admit } = await openWith(t, first, second)
  t.equal(provider.asked, 0)
  t.same(await Promise.all([admit(first), admit(second), admit(first)]), ['42', '42', '42'])
  await admit(first)
  t.equal(provider.asked, 1)
  await t.rejects(admit(stranger), UNKNOWN, 'the same kid, but another key')
  t.equal(provider.asked, 1)
})

t.test('RS256 and ES256 keys of the set are found, too', async (t) => {
  const pairs = [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ] as const
  const keys = pairs.map(([kid, { publicKey }]) => ({ ...publicKey.export({ format: 'jwk' }), kid }))
  const { authenticate } = open(await startIdentityProvider(t, keys))
  for (const [alg, { privateKey }] of pairs) {
    const token = new SignJWT({ sub: alg }).setProtectedHeader({ alg, kid: alg }).setExpirationTime('1m')
    t.equal((await authenticate(await token.sign(privateKey))).subject, alg)
  }
})

t.test('Tokens signed by the secret do not need the set', async (t) => {
  const { provider, authenticate } = await openWith(t)
  t.equal((await authenticate(await mintToken())).subject, '42')
  t.equal(provider.asked, 0)
})

t.test('A key that appears is found; unknown ones cause one fetch in a cool-down', async (t) => {
  const { provider, admit, clock } = await openWith(t, first)
  await admit(first)
  provider.answer = answerWith({ keys: [first.jwk, second.jwk] })
  for (let i = 0; i < 20; i++) await t.rejects(admit(makeSigner(`made up ${i}`)), UNKNOWN)
  t.equal(provider.asked, 1)
  clock.pass(COOL_DOWN_MS)
  t.same(await Promise.all([admit(second), admit(second)]), ['42', '42'])
  t.equal(provider.asked, 2)
  for (let i = 0; i < 20; i++) await t.rejects(admit(makeSigner(`made up ${i}`)), UNKNOWN)
  t.equal(provider.asked, 2)
})

t.test('A key that goes is good until the set has been fetched anew', async (t) => {
  const { provider, admit, clock } = await openWith(t, first, second)
  await admit(first)
  provider.answer = answerWith({ keys: [second.jwk] })
  clock.pass(MAX_AGE_MS - 1)
  await admit(first)
  t.equal(provider.asked, 1)
  clock.pass(1)
  await t.rejects(admit(first), UNKNOWN)
  t.equal(await admit(second), '42')
  t.equal(provider.asked, 2)
})

t.test('A set that can not be had any more is kept for a day, and the operator is told', async (t) => {
  const { provider, admit, clock, warnings } = await openWith(t, first)
  await admit(first)
  provider.answer = answerWith({}, 500)
  clock.pass(KEEP_MS - 1)
  for (let i = 0; i < 3; i++) t.equal(await admit(first), '42')
  t.equal(provider.asked, 2)
  t.same(warnings, ['JWKS: it was answered with 500'])
  await t.rejects(admit(second), UNAVAILABLE, 'its key may be in the set that can not be had')
  clock.pass(1)
  await t.rejects(admit(first), UNAVAILABLE)

  provider.answer = answerWith({ keys: [first.jwk] })
  clock.pass(COOL_DOWN_MS)
  t.equal(await admit(first), '42')
  await t.rejects(admit(second), UNKNOWN)
})

t.test(
  'As long as no set could be had no token is refused: it is not known whether it is good',
  async (t) => {
    const { provider, admit, clock, warnings } = await openWith(t, first)
    provider.answer = (request) => request.socket.destroy()
    for (let i = 0; i < 5; i++) await t.rejects(admit(first), UNAVAILABLE)
    t.equal(provider.asked, 1)
    t.match(warnings, [/^JWKS: fetch failed \(.+\)$/])
    provider.answer = answerWith({ keys: [first.jwk] })
    clock.pass(COOL_DOWN_MS)
    t.equal(await admit(first), '42')
  },
)

t.test('An answer that will not do is as good as none', async (t) => {
  const answers: Record<string, IdentityProvider['answer']> = {
    'a list': answerWith([first.jwk]),
    'no keys': answerWith({}),
    'no JSON': (_request, response) => response.end('<html>'),
    'not found': answerWith({ keys: [first.jwk] }, 404),
    'too much': answerWith({ keys: [first.jwk], padding: 'x'.repeat(256 * 1024) }),
    'a redirect': (request, response) => {
      if (request.url === '/elsewhere') answerWith({ keys: [first.jwk] })(request, response)
      else response.writeHead(302, { location: '/elsewhere' }).end()
    },
  }
  for (const [what, answer] of Object.entries(answers)) {
    const { provider, admit, warnings } = await openWith(t)
    provider.answer = answer
    await t.rejects(admit(first), UNAVAILABLE, what)
    t.equal(warnings.length, 1, what)
    t.equal(provider.asked, 1, what)
  }
})

t.test('The operator is told of a set without a key that will do, once a minute', async (t) => {
  const { provider, admit, clock, warnings } = await openWith(t)
  for (let seconds = 0; seconds < 120; seconds += COOL_DOWN_MS / 1000) {
    await t.rejects(admit(first), UNKNOWN)
    clock.pass(COOL_DOWN_MS)
  }
  t.equal(provider.asked, 24)
  t.same(warnings, Array(2).fill('JWKS: there is no key in it that tokens can be verified by'))
})

t.test('Only public keys of good kinds are taken from the set; the others do not spoil it', async (t) => {
  const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' })
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const own = generateKeyPairSync('ed25519')
  const secret = Buffer.from(JWT_SECRET).toString('base64url')
  const bad: readonly unknown[] = [
    null,
    'key',
    {},
    { kty: 'oct', kid: 'bad', alg: 'HS256', k: secret },
    { ...jwkOf(short.publicKey), kid: 'bad' },
    { ...jwkOf(p384.publicKey), kid: 'bad' },
    { ...jwkOf(own.privateKey), kid: 'bad' },
    { ...jwkOf(own.publicKey), kid: 'bad', use: 'enc' },
    { ...jwkOf(own.publicKey), kid: 'bad', key_ops: ['encrypt'] },
    { ...jwkOf(own.publicKey), kid: 'bad', alg: 'RS256' },
    { ...jwkOf(own.publicKey), kid: 7 },
    { ...jwkOf(own.publicKey), kid: 'bad', x: 'AA' },
  ]
  const { authenticate, admit } = open(await startIdentityProvider(t, [...bad, first.jwk]))
  t.equal(await admit(first), '42')
  const byOwn = new SignJWT({ sub: '42' }).setProtectedHeader({ alg: 'EdDSA', kid: 'bad' })
  await t.rejects(authenticate(await byOwn.setExpirationTime('1m').sign(own.privateKey)), UNKNOWN)
})

t.test(
  'Without `kid` the only key of the algorithm is meant; where there are two, one must be named',
  async (t) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const token = await new SignJWT({ sub: '42' })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setExpirationTime('1m')
      .sign(privateKey)
    const jwk = publicKey.export({ format: 'jwk' })
    const one = open(await startIdentityProvider(t, [{ ...jwk, kid: '1' }]))
    t.equal((await one.authenticate(token)).subject, '42')
    const two = open(await startIdentityProvider(t, [{ ...jwk, kid: '1' }, first.jwk]))
    await t.rejects(two.authenticate(token), { code: 'token-invalid', message: /`kid`/ })
  },
)

t.test('Nobody whose key is at hand waits for a set that could not be had the last time', async (t) => {
  const { provider, admit, clock, warnings } = await openWith(t, first)
  await admit(first)
  provider.answer = answerWith({}, 500)
  clock.pass(MAX_AGE_MS)
  await admit(first)

  let answer: (() => void) | undefined
  provider.answer = (request, response) => {
    answer = () => answerWith({ keys: [second.jwk] })(request, response)
  }
  clock.pass(COOL_DOWN_MS)
  t.equal(await admit(first), '42')
  await until('the set is asked for', () => answer !== undefined)
  const waiting = admit(second)
  t.equal(await admit(first), '42')
  answer?.()
  t.equal(await waiting, '42')
  await t.rejects(admit(first), UNKNOWN)
  t.same(warnings, ['JWKS: it was answered with 500'])
})
