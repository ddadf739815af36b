import type { KeyObject } from 'node:crypto'
import type { CryptoKey, JWTHeaderParameters } from 'jose'

/** What a token may be signed with. */
export type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA'

/** A key that jose verifies with. */
export type VerificationKey = KeyObject | CryptoKey | Uint8Array

/**
 * Where the keys for some algorithms come from.
 *
 * An algorithm is asked of one source only, and a source gives only keys made for it: so a public key can never be taken for an HMAC
 * secret (RFC 8725 §2.1), whatever the token's header says.
 */
export interface KeySource {
  readonly algorithms: readonly Algorithm[]
  /**
   * The key for a token with this header; of the header, only `alg` and `kid` are looked at.
   * @throws JOSEError when there is no such key
   * @throws KeysUnavailable as long as it can't be told
   */
  find(header: JWTHeaderParameters): Promise<VerificationKey>
}
