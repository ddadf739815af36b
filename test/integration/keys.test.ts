import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../support/app.ts'
import { answerWith, makeSigner, startIdentityProvider } from '../support/identity-provider.ts'
import { startService } from '../support/service.ts'

const PATH = '/v1/stream?channel=user:42&wait=0'

t.test(
  'A private key in the place of the public one ends the service with 78, before it listens',
  async (t) => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const file = join(t.testdir({ 'jwt.pem': pem }), 'jwt.pem')
    const { ended } = startService(t, { TIDINGS_AUTH: 'jwt', TIDINGS_JWT_PUBLIC_KEY_FILE: file })
    const { code, errors } = await ended
    t.equal(code, 78)
    t.match(errors, /^TIDINGS_JWT_PUBLIC_KEY_FILE was .* \(it is a private key\)\n$/)
  },
)

t.test('A token signed by a key of the JWKS is let in, with the default grants', async (t) => {
  const signer = makeSigner('1')
  const { url: jwtJwksUrl } = await startIdentityProvider(t, [signer.jwk])
  const settings = { auth: 'jwt', jwtJwksUrl, defaultSubscribe: ['user:{sub}'] } as const
  const { url } = await startApp(t, { settings })
  const ask = async (token: string) => {
    const response = await fetch(url + PATH, { headers: { authorization: `Bearer ${token}` } })
    await response.body?.cancel()
    return response.status
  }
  t.equal(await ask(await signer.sign()), 200)
  t.equal(await ask(await signer.sign({ sub: '43' })), 403)
  t.equal(await ask(await makeSigner('1').sign()), 401)
})

t.test(
  'While the JWKS can not be had, a token is neither taken nor refused: 503 and Retry-After',
  async (t) => {
    const provider = await startIdentityProvider(t)
    provider.answer = answerWith({}, 500)
    const { url } = await startApp(t, { settings: { auth: 'jwt', jwtJwksUrl: provider.url } })
    const headers = { authorization: `Bearer ${await makeSigner('1').sign()}` }
    for (const _ of [1, 2, 3]) {
      const response = await fetch(url + PATH, { headers })
      t.equal(response.status, 503)
      t.match(response.headers.get('retry-after'), /^\d+$/)
      t.match(await response.json(), { code: 'keys-unavailable' })
    }
    t.equal(provider.asked, 1)
  },
)
