import { z } from 'zod'
import { isChannelPattern } from '../protocol/channel.ts'
import { list, oneOf, records, secret, text, whole } from './kinds.ts'

/** What a token may be signed with (RFC 7518 §3.1, RFC 8037 §3.1), in the order of `TIDINGS_JWT_ALGORITHMS`. */
export const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const

/** A default grant is valid when it is one with a segment in the place of `{sub}`. */
const defaultGrant = z
  .string()
  .refine((grant) => isChannelPattern(grant.split(':').map(withoutSubject).join(':')))

function withoutSubject(segment: string): string {
  return segment === '{sub}' ? '-' : segment
}

const pattern = z.string().refine(isChannelPattern)
const patterns = z.array(pattern).max(1000).default([]).readonly()

const apiKey = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  sha256: z.hex().length(64).toLowerCase(),
  subscribe: patterns,
  publish: patterns,
  admin: z.boolean().default(false),
})

const apiKeys = z
  .array(apiKey)
  .max(1000)
  .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length)
  .readonly()

const PATTERNS = 'at most 100 channels or patterns, separated by commas, in which a segment may be {sub}'

/** The settings of contract §6: who may do what. */
export const authShape = {
  auth: oneOf(
    ['none', 'jwt'],
    'none',
    'Who may do what. With `none` everyone may do everything, so it must be chosen explicitly where `TIDINGS_HOST` is not a loopback address; with `jwt` whoever comes needs a token or an API key.',
  ),
  jwtSecret: secret(
    '32 to 1024 characters that are no PEM file',
    /^(?!\s*-----BEGIN)([^\0]{32,1024})?$/,
    'Secret, as UTF-8, that tokens are signed with by HS256.',
  ),
  jwtPublicKeyFile: text(
    'a path of at most 4096 characters',
    /^[^\0]{0,4096}$/,
    '',
    'PEM file with the public key for RS256 (at least 2048 bits), ES256 or EdDSA (Ed25519).',
  ),
  jwtJwksUrl: text(
    'an http:// or https:// URL without user and password',
    /^(https?:\/\/[^\s@/?#]+([/?][^\s#]*)?)?$/,
    '',
    'Where a JWKS with the public keys for RS256, ES256 and EdDSA is found.',
  ),
  jwtAlgorithms: list(
    `some of ${ALGORITHMS.join(', ')}, separated by commas`,
    z.enum(ALGORITHMS),
    ALGORITHMS.length,
    'What a token may be signed with; by default, whatever the keys are for.',
  ),
  jwtIssuer: text(
    'at most 1024 characters',
    /^[^\0]{0,1024}$/,
    '',
    'What `iss` of a token must be; empty: it is not looked at.',
  ),
  jwtAudience: text(
    'at most 1024 characters',
    /^[^\0]{0,1024}$/,
    '',
    'What `aud` of a token must be or have in it; empty: it is not looked at.',
  ),
  jwtClockToleranceSeconds: whole(
    0,
    300,
    0,
    'By how much the clock of whoever makes tokens may differ, in seconds; tokens are good so much longer.',
  ),
  defaultSubscribe: list(
    PATTERNS,
    defaultGrant,
    100,
    "What every token may subscribe to besides its own grants; `{sub}` stands for the token's `sub`, where that can be a segment.",
  ),
  defaultPublish: list(PATTERNS, defaultGrant, 100, 'The same for publishing.'),
  tokenCookie: text(
    'at most 128 characters that a cookie may have in its name',
    /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{0,128}$/,
    '',
    'Cookie in which a token may come where there is none elsewhere; empty: in none.',
  ),
  apiKeys: records(
    'a JSON array of at most 1000 {"name", "sha256", "subscribe"?, "publish"?, "admin"?}, each with a name of its own',
    apiKeys,
    'API keys: for each its name, the SHA-256 of the whole key (`tdk_…`) in hex, and its grants.',
  ),
  metrics: oneOf(
    ['admin', 'everyone'],
    'admin',
    'Who may read `/metrics`: under `jwt` a scraper needs an API key or token with `admin`, or everyone who reaches the port may.',
  ),
}

type AuthSettings = { readonly [Key in keyof typeof authShape]: z.output<(typeof authShape)[Key]> }

/** Says whether only this machine can reach `host` (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)
}

/** What is wrong with these settings together. Parameters and lines as of `clashes`. */
export function authClashes(
  settings: AuthSettings & { readonly host: string },
  chosen: ReadonlySet<string>,
): string[] {
  const { auth, host, jwtSecret, jwtPublicKeyFile, jwtJwksUrl, jwtAlgorithms, apiKeys } = settings
  const isKeyed = [jwtSecret, jwtPublicKeyFile, jwtJwksUrl].some(Boolean) || apiKeys.length > 0
  const problems: string[] = []
  if (!chosen.has('auth') && !isLoopback(host)) {
    problems.push(
      `TIDINGS_AUTH was not set: for everyone who reaches ${JSON.stringify(host)} to do everything, it must be none; for tokens and API keys, jwt`,
    )
  } else if (!chosen.has('auth') && isKeyed) {
    problems.push(
      'TIDINGS_AUTH was not set, but keys were: it must be jwt for them to count, or none for everyone to do everything',
    )
  }
  if (auth === 'jwt' && !isKeyed) {
    problems.push(
      'TIDINGS_AUTH was "jwt" without a key: TIDINGS_JWT_SECRET, _JWT_PUBLIC_KEY_FILE, _JWT_JWKS_URL or TIDINGS_API_KEYS must be set',
    )
  }
  if (jwtPublicKeyFile && jwtJwksUrl) {
    problems.push(
      'TIDINGS_JWT_PUBLIC_KEY_FILE and TIDINGS_JWT_JWKS_URL were set together: it must be one of them',
    )
  }
  if (jwtAlgorithms.includes('HS256') && !jwtSecret) {
    problems.push('TIDINGS_JWT_ALGORITHMS had HS256 in it: TIDINGS_JWT_SECRET must be set')
  }
  if (jwtAlgorithms.some((algorithm) => algorithm !== 'HS256') && !jwtPublicKeyFile && !jwtJwksUrl) {
    problems.push(
      'TIDINGS_JWT_ALGORITHMS had others than HS256 in it: TIDINGS_JWT_PUBLIC_KEY_FILE or _JWT_JWKS_URL must be set',
    )
  }
  return problems
}
