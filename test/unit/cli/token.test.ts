import { decodeJwt } from 'jose'
import t from 'tap'
import { tokenCommand } from '../../../src/cli/token.ts'
import { loadSettings, SettingsError } from '../../../src/config/load.ts'
import { openAuthenticator } from '../../../src/open-authenticator.ts'
import { runCommand } from '../../support/run-command.ts'
import { JWT_SECRET } from '../../support/tokens.ts'

const ENV = { TIDINGS_JWT_SECRET: JWT_SECRET }

t.test('The token is one that the service takes, with the grants asked for', async (t) => {
  const env = { ...ENV, TIDINGS_JWT_ISSUER: 'i', TIDINGS_JWT_AUDIENCE: 'a' }
  const args = ['--sub', '42', '--subscribe', 'user:42', '--subscribe=news:**', '--publish', 'out', '--admin']
  const token = await runCommand(tokenCommand, args, env)
  const settings = loadSettings({ ...env, TIDINGS_AUTH: 'jwt' })
  t.match(await openAuthenticator(settings).authenticate(token), {
    name: 'sub:42',
    grants: { subscribe: ['user:42', 'news:**'], publish: ['out'], admin: true },
  })
})

t.test('It is good for an hour, or for as long as was asked', async (t) => {
  const lifetime = async (...args: string[]) => {
    const { iat = 0, exp = 0 } = decodeJwt(await runCommand(tokenCommand, ['--sub', '42', ...args], ENV))
    return exp - iat
  }
  t.equal(await lifetime(), 3600)
  t.equal(await lifetime('--expires-in', '60'), 60)
})

t.test('What can not be a token is a usage error, and says why', async (t) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /--sub/],
    [['--sub', ''], /`sub`/],
    [['--sub', '42', '--subscribe', 'a b'], /`tidings.subscribe`/],
    [['--sub', '42', '--expires-in', '1h'], /--expires-in/],
    [['--sub', '42', '--expires-in', '0'], /--expires-in/],
    [['--sub', '42', '--expires-in', '9999999999999'], /--expires-in/],
    [['--sub', '42', '--role', 'x'], /--role/],
    [['42'], /42/],
  ]
  for (const [args, message] of cases) {
    await t.rejects(runCommand(tokenCommand, args, ENV), { name: 'UsageError', message }, args.join(' '))
  }
})

t.test('Without a secret, or with settings that are wrong, there is no token', async (t) => {
  const url = { TIDINGS_JWT_JWKS_URL: 'https://id.example/jwks.json' }
  const asymmetric = { ...ENV, TIDINGS_JWT_ALGORITHMS: 'RS256' }
  for (const env of [{}, url, asymmetric, { TIDINGS_JWT_SECRET: 'short' }, { ...ENV, TIDINGS_PORT: 'x' }]) {
    await t.rejects(runCommand(tokenCommand, ['--sub', '42'], env), SettingsError)
  }
})
