import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import t from 'tap'
import { SettingsError } from '../../../src/config/load.ts'
import { settingsSchema } from '../../../src/config/settings.ts'
import { openAuthenticator } from '../../../src/open-authenticator.ts'
import { JWT_SECRET, mintToken } from '../../support/tokens.ts'

const API_KEY = { name: 'shop', sha256: createHash('sha256').update('tdk_shop').digest('hex') }

function open(settings: Record<string, unknown>) {
  return openAuthenticator(settingsSchema.parse(settings))
}

t.test('In mode none everyone may do everything, whatever they show', async (t) => {
  const authenticator = open({})
  for (const credential of [undefined, '', 'tdk_x', 'x'.repeat(100_000), await mintToken()]) {
    t.equal((await authenticator.authenticate(credential)).name, 'everyone')
  }
})

t.test('In mode jwt a token and an API key are told apart, and nothing is unauthenticated', async (t) => {
  const authenticator = open({ auth: 'jwt', jwtSecret: JWT_SECRET, apiKeys: [API_KEY] })
  t.equal((await authenticator.authenticate(await mintToken())).name, 'sub:42')
  t.equal((await authenticator.authenticate('tdk_shop')).name, 'key:shop')
  await t.rejects(authenticator.authenticate(undefined), { code: 'unauthenticated' })
  await t.rejects(authenticator.authenticate(''), { code: 'token-invalid' })
})

t.test('A credential above 8 KiB is refused, though its signature is good', async (t) => {
  const authenticator = open({ auth: 'jwt', jwtSecret: JWT_SECRET, apiKeys: [API_KEY] })
  const long = await mintToken({ padding: 'x'.repeat(8 * 1024) })
  await t.rejects(authenticator.authenticate(long), { code: 'token-invalid', message: /8192/ })
  await t.rejects(authenticator.authenticate(`tdk_${long}`), { code: 'token-invalid', message: /8192/ })
})

t.test('The settings reach the judgement: defaults, issuer, audience, tolerance, algorithms', async (t) => {
  const authenticator = open({
    auth: 'jwt',
    jwtSecret: JWT_SECRET,
    jwtIssuer: 'i',
    jwtAudience: 'a',
    jwtClockToleranceSeconds: 100,
    defaultSubscribe: 'user:{sub}',
    defaultPublish: 'out:{sub}',
  })
  const claims = { iss: 'i', aud: 'a', exp: Math.floor(Date.now() / 1000) - 10 }
  t.match((await authenticator.authenticate(await mintToken(claims))).grants, {
    subscribe: ['user:42'],
    publish: ['out:42'],
  })
  await t.rejects(authenticator.authenticate(await mintToken({ ...claims, iss: 'j' })), { message: /issuer/ })
  await t.rejects(authenticator.authenticate(await mintToken({ ...claims, aud: 'b' })), {
    message: /audience/,
  })
  const asymmetric = open({ auth: 'jwt', jwtSecret: JWT_SECRET, jwtAlgorithms: 'RS256' })
  await t.rejects(asymmetric.authenticate(await mintToken()), { message: /algorithm/ })
})

t.test('A PEM file with one public key of a good kind is taken', async (t) => {
  const directory = t.testdir()
  for (const [alg, { publicKey, privateKey }] of [
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ] as const) {
    const file = join(directory, `${alg}.pem`)
    writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }))
    const token = new SignJWT({ sub: alg })
      .setProtectedHeader({ alg })
      .setExpirationTime('1m')
      .sign(privateKey)
    const authenticator = open({ auth: 'jwt', jwtPublicKeyFile: file })
    t.equal((await authenticator.authenticate(await token)).subject, alg)
  }
})

t.test('A PEM file with a key that no token may be signed by is a problem of the settings', async (t) => {
  const file = join(t.testdir(), 'key.pem')
  const { publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }))
  const jwt = { auth: 'jwt', jwtPublicKeyFile: file, jwtSecret: JWT_SECRET }
  for (const jwtAlgorithms of ['HS256,RS256', 'ES256']) {
    t.throws(() => open({ ...jwt, jwtAlgorithms }), {
      name: 'SettingsError',
      message: /^TIDINGS_JWT_PUBLIC_KEY_FILE .* a key for EdDSA: .*TIDINGS_JWT_ALGORITHMS/,
    })
  }
  t.doesNotThrow(() => open({ ...jwt, jwtAlgorithms: 'ES256,EdDSA' }))
})

t.test('A PEM file with anything else is a problem of the settings, which names it', async (t) => {
  const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' })
  const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' })
  const files: Record<string, string | Buffer> = {
    'private.pem': pkcs8(generateKeyPairSync('ed25519').privateKey),
    'short-rsa.pem': spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    'pss.pem': spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    'p384.pem': spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey),
    'ed448.pem': spki(generateKeyPairSync('ed448').publicKey),
    'x25519.pem': spki(generateKeyPairSync('x25519').publicKey),
    'text.pem': 'nothing of the kind',
    'empty.pem': '',
  }
  const directory = t.testdir()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  for (const name of [...Object.keys(files), 'missing.pem']) {
    const file = join(directory, name)
    const refused = { message: `TIDINGS_JWT_PUBLIC_KEY_FILE was ${JSON.stringify(file)}: it must name` }
    try {
      open({ auth: 'jwt', jwtPublicKeyFile: file })
      t.fail(name)
    } catch (error) {
      t.ok(error instanceof SettingsError && error.message.startsWith(refused.message), name)
      t.notMatch(error, { message: /nothing of the kind/ })
    }
  }
})
