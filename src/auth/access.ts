import { LogUnavailable } from '../log/log.ts'
import { type Access, AccessRefused } from '../stream/access.ts'
import { type Authenticator, KeysUnavailable, Unauthenticated } from './authenticator.ts'
import { permits } from './grants.ts'
import type { Principal } from './principal.ts'

/** What a principal's credential gives on a stream. */
export type OpenAccess = (principal: Principal) => Access

/** The reason is the operator's business. */
const UNKNOWN = 'Whether the token is good can not be told now: send it again.'

/** What access to streams rests on. */
export interface AccessOptions {
  readonly authenticator: Authenticator
  /** whether the token that someone came with has been revoked */
  readonly isRevoked: (principal: Principal) => boolean
  /** is told what goes wrong where no token is to blame: whoever hears of it on the stream can't mend it */
  readonly report: (error: unknown) => void
}

/** Makes what gives access to streams. */
export function accessOpener({ authenticator, isRevoked, report }: AccessOptions): OpenAccess {
  function open(principal: Principal): Access {
    return {
      expires: principal.expires,
      isRevoked: () => isRevoked(principal),
      maySubscribe: (channel) => permits(principal.grants.subscribe, channel),
      async renew(token) {
        const fresh = await authenticator.authenticate(token).catch(refuse)
        // One stream, one person: its limits are counted by name.
        if (fresh.name === principal.name) return open(fresh)
        throw new AccessRefused('forbidden', 'The token is of someone else than the one before.')
      },
    }
  }

  function refuse(error: unknown): never {
    if (error instanceof Unauthenticated) throw new AccessRefused(error.code, error.message)
    if (error instanceof KeysUnavailable) throw new AccessRefused('keys-unavailable', UNKNOWN)
    if (error instanceof LogUnavailable) throw new AccessRefused('log-unavailable', UNKNOWN)
    report(error)
    throw new AccessRefused('internal', 'The service failed; the fault is not in the token.')
  }

  return open
}
