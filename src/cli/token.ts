import { SignJWT } from 'jose'
import { Unauthenticated } from '../auth/authenticator.ts'
import { loadSettings, SettingsError } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { openAuthenticator } from '../open-authenticator.ts'
import { type Command, parse, UsageError, wholeNumber } from './command.ts'

const usage = `tidings token --sub SUB [--subscribe PATTERN]… [--publish PATTERN]… [--admin] [--expires-in SECONDS]

Prints a token for development, signed by HS256 with TIDINGS_JWT_SECRET, for TIDINGS_JWT_ISSUER and
TIDINGS_JWT_AUDIENCE where they are set.

  --sub         whose token it is
  --subscribe   a channel or pattern that it may subscribe to; may be repeated
  --publish     a channel or pattern that it may publish to; may be repeated
  --admin       it may see the figures and revoke tokens
  --expires-in  in how many seconds it runs out, default 3600

Examples:
  tidings token --sub 42 --subscribe user:42
  tidings token --sub shop --publish 'user:*' --expires-in 86400 > publisher.token`

const options = {
  sub: { type: 'string' },
  subscribe: { type: 'string', multiple: true },
  publish: { type: 'string', multiple: true },
  admin: { type: 'boolean', default: false },
  'expires-in': { type: 'string', default: '3600' },
} as const

/** `tidings token`: makes a token as an identity provider would, and only one that the service would take. */
export const tokenCommand: Command = {
  summary: 'prints a token for development',
  usage,
  async run(args, { env, print }) {
    const { values } = parse({ args, options })
    const { sub, subscribe = [], publish = [], admin } = values
    if (sub === undefined) throw new UsageError('--sub is missing')
    const seconds = wholeNumber('--expires-in', values['expires-in'], 'seconds')
    const settings = loadForTokens(env)
    const token = await sign({ sub, tidings: { subscribe, publish, admin } }, seconds, settings)
    try {
      await openAuthenticator(settings).authenticate(token)
    } catch (error) {
      throw error instanceof Unauthenticated ? new UsageError(error.message) : error
    }
    await print(token)
  },
}

/** Whoever asks for a token means mode `jwt`, and need not say so. */
function loadForTokens(env: NodeJS.ProcessEnv): Settings {
  const settings = loadSettings({ ...env, TIDINGS_AUTH: 'jwt' })
  if (settings.jwtSecret === '') {
    throw new SettingsError(['TIDINGS_JWT_SECRET was not set: a token is signed with it, so it must be'])
  }
  return settings
}

function sign(
  claims: Readonly<Record<string, unknown>>,
  seconds: number,
  { jwtSecret, jwtIssuer, jwtAudience }: Settings,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const jwt = new SignJWT({ ...claims, iat: now, exp: now + seconds }).setProtectedHeader({ alg: 'HS256' })
  if (jwtIssuer !== '') jwt.setIssuer(jwtIssuer)
  if (jwtAudience !== '') jwt.setAudience(jwtAudience)
  return jwt.sign(new TextEncoder().encode(jwtSecret))
}
