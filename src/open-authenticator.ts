import { readFileSync } from 'node:fs'
import { API_KEY_PREFIX, apiKeyAuthenticator } from './auth/api-keys.ts'
import { type Authenticator, Unauthenticated } from './auth/authenticator.ts'
import { everyoneAuthenticator } from './auth/everyone.ts'
import { jwtAuthenticator } from './auth/jwt.ts'
import { JwksSource } from './auth/keys/jwks.ts'
import type { Algorithm, KeySource } from './auth/keys/key-source.ts'
import { publicKeySource } from './auth/keys/public-key.ts'
import { secretSource } from './auth/keys/secret.ts'
import { ALGORITHMS } from './config/auth.ts'
import { SettingsError } from './config/load.ts'
import type { Settings } from './config/settings.ts'

/** Room for a few hundred grants. What is longer is refused before anything of it is looked at. */
const MAX_CREDENTIAL_LENGTH = 8 * 1024

/** What surrounds an authenticator. */
export interface Surroundings {
  /** is told when the JWKS can't be had; default: nobody is */
  readonly logger?: { warn(message: string): void }
  /** what tokens expire by, milliseconds since 1970; default: the machine's clock */
  readonly now?: () => number
}

/**
 * Makes the authenticator that the settings ask for: the choice of mode, and of the keys' sources.
 * @throws SettingsError when the file with the public key won't do
 */
export function openAuthenticator(settings: Settings, surroundings: Surroundings = {}): Authenticator {
  switch (settings.auth) {
    case 'none':
      return everyoneAuthenticator
    case 'jwt':
      return credentialAuthenticator(settings, surroundings)
  }
}

/** Takes tokens and API keys, and tells them apart by how they begin. */
function credentialAuthenticator(settings: Settings, { logger, now }: Surroundings): Authenticator {
  const apiKeys = apiKeyAuthenticator(settings.apiKeys)
  const tokens = jwtAuthenticator({
    sources: keySources(settings, (message) => logger?.warn(message)),
    algorithms: settings.jwtAlgorithms.length > 0 ? settings.jwtAlgorithms : ALGORITHMS,
    issuer: settings.jwtIssuer || undefined,
    audience: settings.jwtAudience || undefined,
    clockToleranceSeconds: settings.jwtClockToleranceSeconds,
    defaults: { subscribe: settings.defaultSubscribe, publish: settings.defaultPublish },
    ...(now && { now }),
  })
  return {
    async authenticate(credential) {
      if (credential === undefined) {
        throw new Unauthenticated('unauthenticated', 'This needs a token or an API key.')
      }
      if (credential.length > MAX_CREDENTIAL_LENGTH) {
        throw new Unauthenticated('token-invalid', `A token may have ${MAX_CREDENTIAL_LENGTH} characters.`)
      }
      return (credential.startsWith(API_KEY_PREFIX) ? apiKeys : tokens).authenticate(credential)
    },
  }
}

function keySources(
  { jwtSecret, jwtPublicKeyFile, jwtJwksUrl, jwtAlgorithms }: Settings,
  warn: (message: string) => void,
): KeySource[] {
  const sources: KeySource[] = []
  if (jwtSecret !== '') sources.push(secretSource(jwtSecret))
  if (jwtPublicKeyFile !== '') sources.push(publicKeyIn(jwtPublicKeyFile, jwtAlgorithms))
  if (jwtJwksUrl !== '') {
    sources.push(new JwksSource({ url: jwtJwksUrl, warn }))
  }
  return sources
}

/** @param allowed what tokens may be signed with; none: whatever the key is for */
function publicKeyIn(file: string, allowed: readonly Algorithm[]): KeySource {
  const source = readPublicKey(file)
  if (allowed.length === 0 || source.algorithms.some((algorithm) => allowed.includes(algorithm)))
    return source
  throw new SettingsError([
    `TIDINGS_JWT_PUBLIC_KEY_FILE was ${JSON.stringify(file)}, a key for ${source.algorithms}: it must be one for what TIDINGS_JWT_ALGORITHMS has, ${allowed.join(', ')}`,
  ])
}

function readPublicKey(file: string): KeySource {
  try {
    return publicKeySource(readFileSync(file, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new SettingsError([
      `TIDINGS_JWT_PUBLIC_KEY_FILE was ${JSON.stringify(file)}: it must name a PEM file with a public key, RSA of 2048 to 8192 bits, P-256 or Ed25519 (${why})`,
    ])
  }
}
