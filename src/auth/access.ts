import { LogUnavailable } from '../log/log.ts'
import { type Access, AccessRefused } from '../stream/access.ts'
import { type Authenticator, KeysUnavailable, Unauthenticated } from './authenticator.ts'
import { GrantSet } from './grant-set.ts'
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
export function accessOpener(options: AccessOptions): OpenAccess {
  return (principal) => new PrincipalAccess(principal, options)
}

class PrincipalAccess implements Access {
  readonly #principal: Principal
  readonly #subscribe: GrantSet
  readonly #options: AccessOptions

  constructor(principal: Principal, options: AccessOptions) {
    this.#principal = principal
    this.#subscribe = new GrantSet(principal.grants.subscribe)
    this.#options = options
  }

  get expires(): number {
    return this.#principal.expires
  }

  isRevoked(): boolean {
    return this.#options.isRevoked(this.#principal)
  }

  maySubscribe(channel: string): boolean {
    return this.#subscribe.permits(channel)
  }

  async renew(token: string): Promise<Access> {
    const { authenticator, report } = this.#options
    const fresh = await authenticator.authenticate(token).catch((error) => refuse(error, report))
    // One stream, one person: its limits are counted by name.
    if (fresh.name === this.#principal.name) return new PrincipalAccess(fresh, this.#options)
    throw new AccessRefused('forbidden', 'The token is of someone else than the one before.')
  }
}

function refuse(error: unknown, report: AccessOptions['report']): never {
  // Without a credential nobody comes here: a message has one.
  if (error instanceof Unauthenticated && error.code !== 'unauthenticated')
    throw new AccessRefused(error.code, error.message)
  if (error instanceof KeysUnavailable) throw new AccessRefused('keys-unavailable', UNKNOWN)
  if (error instanceof LogUnavailable) throw new AccessRefused('log-unavailable', UNKNOWN)
  report(error)
  throw new AccessRefused('internal', 'The service failed; the fault is not in the token.')
}
