import type { Principal } from './principal.ts'

/** Finds out who someone is (contract §6). One for each mode. */
export interface Authenticator {
  /**
   * @param credential a JWT or an API key, as it came; `undefined` when none did
   * @throws Unauthenticated when it is not good
   * @throws KeysUnavailable as long as the keys to judge it by can't be had
   * @throws LogUnavailable as long as it is not known what has been revoked
   */
  authenticate(credential: string | undefined): Promise<Principal>
}

/** Why a credential is not good. Each is a code of the registry, with status 401 and close code 4401. */
export type UnauthenticatedCode = 'unauthenticated' | 'token-invalid' | 'token-expired' | 'token-revoked'

/** Thrown for a credential that is missing or not good. Neither it nor any part of it may be in the message. */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated'
  readonly code: UnauthenticatedCode

  /** @param detail what the developer of the client is told: what is wrong, but nothing that helps in forging */
  constructor(code: UnauthenticatedCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** Thrown when it can't be told whether a token is good, for its key can't be had now: code `keys-unavailable`. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}
