import { generateKeyPairSync } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import t from 'tap'
import { Unauthenticated } from '../../../src/auth/authenticator.ts'
import { jwtAuthenticator } from '../../../src/auth/jwt.ts'
import { publicKeySource } from '../../../src/auth/keys/public-key.ts'
import { secretSource } from '../../../src/auth/keys/secret.ts'
import { isChannelPattern } from '../../../src/protocol/channel.ts'
import { JWT_SECRET, mintToken } from '../../support/tokens.ts'

const RUNS = 10_000

const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const pems = Object.values(pairs).map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }))

const authenticator = jwtAuthenticator({
  sources: [secretSource(JWT_SECRET), ...pems.map((pem) => publicKeySource(pem.toString()))],
  algorithms: ['HS256', 'RS256', 'ES256', 'EdDSA'],
  issuer: undefined,
  audience: undefined,
  clockToleranceSeconds: 0,
  defaults: { subscribe: ['user:{sub}'], publish: [] },
})

function sign(alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> {
  const claims = { sub: '42', exp: Math.floor(Date.now() / 1000) + 3600, tidings: { subscribe: ['a:*'] } }
  return new SignJWT(claims).setProtectedHeader({ alg, kid: '1' }).sign(key)
}

const tokens = await Promise.all([
  sign('HS256', new TextEncoder().encode(JWT_SECRET)),
  ...Object.entries(pairs).map(([alg, { privateKey }]) => sign(alg, privateKey)),
])

type Mutation = (token: string) => string

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const character = fc.oneof(
  fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/= \n\0"%'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)
const member = fc.constantFrom(
  'alg',
  'kid',
  'typ',
  'crit',
  'b64',
  'jwk',
  'jku',
  'x5u',
  'sub',
  'exp',
  'tidings',
)
const value = fc.oneof(
  fc.constantFrom<unknown>('none', 'HS256', 'RS256', 'ES256', 'EdDSA', 'HS512', '**', ['b64'], null),
  fc.jsonValue(),
)

/** The token with one of its first two parts, as an object, changed. */
function edit(token: string, part: 0 | 1, change: (object: object) => unknown): string {
  const parts = token.split('.')
  const object: object = JSON.parse(Buffer.from(parts[part] ?? '', 'base64url').toString())
  parts[part] = Buffer.from(JSON.stringify(change(object))).toString('base64url')
  return parts.join('.')
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(3), fc.string({ unit: character, maxLength: 4 })).map(
    ([at, removed, added]): Mutation =>
      (token) => {
        const from = Math.floor(at * (token.length + 1))
        return token.slice(0, from) + added + token.slice(from + removed)
      },
  ),
  fc.tuple(fc.constantFrom<0 | 1>(0, 1), member, value).map(
    ([part, key, content]): Mutation =>
      (token) =>
        edit(token, part, (object) => ({ ...object, [key]: content })),
  ),
  fc.tuple(fc.constantFrom<0 | 1>(0, 1), fc.jsonValue()).map(
    ([part, content]): Mutation =>
      (token) =>
        edit(token, part, () => content),
  ),
  fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }).map(
    (order): Mutation =>
      (token) =>
        order.map((i) => token.split('.')[i]).join('.'),
  ),
  fc.constantFrom(...tokens).map(
    (other): Mutation =>
      (token) =>
        token.slice(0, token.lastIndexOf('.')) + other.slice(other.lastIndexOf('.')),
  ),
)

/** Bytes on the heap that are in use. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}

t.test(
  `Of ${RUNS} mutated tokens none is accepted, none does harm, and none is found in what is told`,
  async (t) => {
    const refusals = new Map<string, number>()
    const property = fc.asyncProperty(
      fc.constantFrom(...tokens),
      fc.array(mutation, { minLength: 1, maxLength: 2 }),
      async (token, mutations) => {
        const mutated = mutations.reduce((before, mutate) => {
          try {
            return mutate(before)
          } catch {
            // no longer in parts that can be edited
            return `${before}.`
          }
        }, token)
        if (tokens.includes(mutated)) return true
        const error: unknown = await authenticator.authenticate(mutated).then(
          () => new Error('it was accepted'),
          (reason: unknown) => reason,
        )
        if (!(error instanceof Unauthenticated)) throw error
        refusals.set(error.message, (refusals.get(error.message) ?? 0) + 1)
        return true
      },
    )
    await fc.assert(property, { numRuns: 1_000, seed: 1 })
    const before = heapUsed()
    await fc.assert(property, { numRuns: RUNS, seed: 5 })
    const grown = heapUsed() - before
    t.ok(grown < 2 * 1024 ** 2, `the heap has grown by ${grown} bytes`)
    // So few different ones that nothing of a token can be in them.
    t.ok(refusals.size <= 6, [...refusals].map(([message, count]) => `${count} × ${message}`).join(' '))
    for (const token of tokens) t.equal((await authenticator.authenticate(token)).subject, '42')
  },
)

t.test('Whatever the claims of a well-signed token, it is refused or its grants are valid', async (t) => {
  const outcomes = { accepted: 0, refused: 0 }
  const patterns = fc.array(fc.oneof(fc.constantFrom('a', 'a:*', '**', 'a b', '{sub}'), fc.string()), {
    maxLength: 3,
  })
  const claims = fc.record(
    {
      sub: fc.oneof(
        fc.constantFrom<unknown>('42', '*', 'a:b'),
        fc.string({ unit: 'binary' }),
        fc.jsonValue(),
      ),
      exp: fc.oneof(fc.constant(4e9), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.jsonValue()),
      nbf: fc.oneof(fc.constant(0), fc.jsonValue()),
      jti: fc.oneof(fc.string(), fc.jsonValue()),
      tidings: fc.oneof(
        fc.record({ subscribe: patterns, publish: patterns, admin: fc.boolean() }, { requiredKeys: [] }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ['sub', 'exp'] },
  )
  const property = fc.asyncProperty(claims, async (some) => {
    const principal = await authenticator.authenticate(await mintToken(some)).catch((error: unknown) => {
      if (error instanceof Unauthenticated) return undefined
      throw error
    })
    outcomes[principal ? 'accepted' : 'refused']++
    if (!principal) return true
    const { subscribe, publish } = principal.grants
    return [...subscribe, ...publish].every(isChannelPattern) && principal.expires > Date.now()
  })
  await fc.assert(property, { numRuns: 3_000, seed: 5 })
  t.ok(outcomes.accepted > 50 && outcomes.refused > 1_000, JSON.stringify(outcomes))
})
