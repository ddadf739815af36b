import { createHash } from 'node:crypto'
import t from 'tap'
import { apiKeyAuthenticator } from '../../../src/auth/api-keys.ts'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const SHOP = { name: 'shop', sha256: sha256('tdk_shop'), subscribe: [], publish: ['user:**'], admin: false }
const DESK = {
  name: 'desk',
  sha256: sha256('tdk_desk').toUpperCase(),
  subscribe: ['**'],
  publish: [],
  admin: true,
}

t.test(
  'An API key makes a principal that never expires and can not be revoked by subject or token',
  async (t) => {
    const authenticator = apiKeyAuthenticator([SHOP, DESK])
    t.same(await authenticator.authenticate('tdk_shop'), {
      name: 'key:shop',
      subject: undefined,
      tokenId: undefined,
      expires: Number.POSITIVE_INFINITY,
      grants: { subscribe: [], publish: ['user:**'], admin: false },
    })
    t.match(await authenticator.authenticate('tdk_desk'), { name: 'key:desk', grants: { admin: true } })
  },
)

t.test('Any other key is refused, without a word of it', async (t) => {
  const authenticator = apiKeyAuthenticator([SHOP, DESK])
  for (const key of ['tdk_', 'tdk_shop ', 'tdk_sho', 'tdk_shopp', SHOP.sha256, 'tdk_ä\ud800']) {
    const refused = { name: 'Unauthenticated', code: 'token-invalid', message: 'There is no such API key.' }
    await t.rejects(authenticator.authenticate(key), refused)
  }
})

t.test('Without API keys none is good', async (t) => {
  await t.rejects(apiKeyAuthenticator([]).authenticate('tdk_shop'), { code: 'token-invalid' })
})
