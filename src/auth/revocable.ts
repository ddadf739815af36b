import { type Authenticator, Unauthenticated } from './authenticator.ts'
import type { Revocations } from './revocations.ts'

/** Has the tokens that `authenticator` finds good refused when they are revoked; and all, as long as it is not known which are. */
export function revocable(authenticator: Authenticator, revocations: Revocations): Authenticator {
  return {
    async authenticate(credential) {
      const principal = await authenticator.authenticate(credential)
      revocations.demandKnown()
      if (!revocations.revokes(principal)) return principal
      throw new Unauthenticated('token-revoked', 'The token has been revoked.')
    },
  }
}
