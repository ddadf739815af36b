import type { StreamCode } from '../protocol/codes.ts'

/** What one client may have on its stream, and until when. Whoever opens the stream knows; immutable. */
export interface Access {
  /** when the stream is to end with `bye` `token-expired`, milliseconds since 1970; Infinity for never */
  readonly expires: number
  /** Says whether it may have everything on `channel`, a name or pattern. */
  maySubscribe(channel: string): boolean
  /** Says whether the token that it rests on has been revoked. */
  isRevoked(): boolean
  /**
   * Exchanges it for the access that a fresh token gives.
   * @throws AccessRefused, and nothing else
   */
  renew(token: string): Promise<Access>
}

/** A fresh token gives no access to this stream. */
export class AccessRefused extends Error {
  override readonly name = 'AccessRefused'
  readonly code: StreamCode

  constructor(code: StreamCode, message: string) {
    super(message)
    this.code = code
  }
}
