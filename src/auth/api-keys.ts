import { createHash, timingSafeEqual } from 'node:crypto'
import { type Authenticator, Unauthenticated } from './authenticator.ts'
import type { Grants } from './grants.ts'
import type { Principal } from './principal.ts'

/** What an API key begins with, and no JWT does. */
export const API_KEY_PREFIX = 'tdk_'

/** An API key as the operator knows it, and what it allows. */
export interface ApiKey extends Grants {
  readonly name: string
  /** of the whole key, prefix and all: 64 hexadecimal digits */
  readonly sha256: string
}

/** Knows the API keys of the settings. They need no slow hash: whoever makes one takes it from a random source. */
export function apiKeyAuthenticator(apiKeys: readonly ApiKey[]): Authenticator {
  const known = apiKeys.map((apiKey) => ({
    digest: Buffer.from(apiKey.sha256, 'hex'),
    principal: toPrincipal(apiKey),
  }))
  return {
    async authenticate(credential = '') {
      const digest = createHash('sha256').update(credential).digest()
      // All of them every time: how long it takes says nothing about which one was nearly right.
      const [match] = known.filter((key) => timingSafeEqual(key.digest, digest))
      if (!match) throw new Unauthenticated('token-invalid', 'There is no such API key.')
      return match.principal
    },
  }
}

function toPrincipal({ name, subscribe, publish, admin }: ApiKey): Principal {
  return {
    name: `key:${name}`,
    subject: undefined,
    tokenId: undefined,
    expires: Number.POSITIVE_INFINITY,
    grants: { subscribe, publish, admin },
  }
}
