import type { Authenticator } from './authenticator.ts'
import { EVERYONE } from './principal.ts'

/** Mode `none`: whoever comes is welcome, and what they show is not looked at. */
export const everyoneAuthenticator: Authenticator = {
  async authenticate() {
    return EVERYONE
  },
}
