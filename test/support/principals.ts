import { EventEmitter, once } from 'node:events'
import type { Authenticator } from '../../src/auth/authenticator.ts'
import type { Principal } from '../../src/auth/principal.ts'

/** Somebody whose credential never runs out, with these grants to subscribe. */
export function principal(name: string, ...subscribe: readonly string[]): Principal {
  return {
    name: `sub:${name}`,
    subject: name,
    tokenId: undefined,
    expires: Number.POSITIVE_INFINITY,
    grants: { subscribe, publish: [], admin: false },
  }
}

/** Knows a credential as soon as the test says who that is, and takes its time until then. */
export class PatientAuthenticator implements Authenticator {
  readonly #outcomes = new Map<string | undefined, Principal | Error>()
  readonly #changes = new EventEmitter()
  /** how many wait for an answer */
  waiting = 0

  /** From here on `credential` is answered with `outcome`, also where that has been waited for. */
  answer(credential: string, outcome: Principal | Error): void {
    this.#outcomes.set(credential, outcome)
    this.#changes.emit('change')
  }

  async authenticate(credential: string | undefined): Promise<Principal> {
    for (;;) {
      const outcome = this.#outcomes.get(credential)
      if (outcome instanceof Error) throw outcome
      if (outcome) return outcome
      this.waiting++
      await once(this.#changes, 'change')
      this.waiting--
    }
  }
}
