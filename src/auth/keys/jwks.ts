import { createLocalJWKSet, errors, type JWTHeaderParameters } from 'jose'
import { KeysUnavailable } from '../authenticator.ts'
import { fetchJwks } from './jwks-fetch.ts'
import type { Algorithm, KeySource, VerificationKey } from './key-source.ts'

/** Between two fetches, whatever they brought, in milliseconds: tokens that name keys which never were cause no more. */
export const COOL_DOWN_MS = 5_000
/** After this the set is fetched anew before it is used, so that a key that was withdrawn is good no longer; milliseconds. */
export const MAX_AGE_MS = 10 * 60_000
/** How long a set is used when no newer one can be had, in milliseconds. */
export const KEEP_MS = 24 * 3_600_000

/** Between two warnings, in milliseconds: what is wrong is wrong at every fetch. */
const WARN_MS = 60_000

/** What a JWKS is fetched for. */
export interface JwksOptions {
  readonly url: string
  /** is told why the set could not be had, or has no key that will do, at most once a minute */
  readonly warn: (message: string) => void
  /** milliseconds since some moment; default: a clock that is never set */
  readonly now?: () => number
}

/**
 * The keys that an identity provider publishes (RFC 7517), fetched when the first token comes.
 *
 * jose's `createRemoteJWKSet` stops at its cool-down only after a fetch that went well, and forgets the keys it has when one does not;
 * so the keeping is done here, and the choice of the key by jose.
 */
export class JwksSource implements KeySource {
  readonly algorithms: readonly Algorithm[] = ['RS256', 'ES256', 'EdDSA']
  readonly #options: JwksOptions
  readonly #now: () => number
  #choose: ReturnType<typeof createLocalJWKSet> | undefined
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #warnedAt = Number.NEGATIVE_INFINITY
  /** Why the last fetch failed, if it did. */
  #failure: string | undefined
  #fetching: Promise<void> | undefined

  constructor(options: JwksOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  async find(header: JWTHeaderParameters): Promise<VerificationKey> {
    if (this.#age() >= MAX_AGE_MS) {
      const refreshed = this.#refresh()
      // While the set can't be had, nobody whose key is at hand waits for it.
      if (this.#failure === undefined) await refreshed
    }
    const known = await this.#look(header)
    if (known) return known
    // It may have been published since.
    await this.#refresh()
    const found = await this.#look(header)
    if (found) return found
    // It may have been published, and could not be fetched.
    if (this.#failure !== undefined) throw new KeysUnavailable(this.#failure)
    throw new errors.JWKSNoMatchingKey()
  }

  #age(): number {
    return this.#now() - this.#fetchedAt
  }

  async #look(header: JWTHeaderParameters): Promise<VerificationKey | undefined> {
    if (!this.#choose || this.#age() >= KEEP_MS) return undefined
    try {
      return await this.#choose(header)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined
      throw error
    }
  }

  /** Fetches the set, together with whoever wants it at the same time; but not before the cool-down is over. */
  async #refresh(): Promise<void> {
    if (!this.#fetching && this.#now() - this.#triedAt >= COOL_DOWN_MS) {
      this.#triedAt = this.#now()
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined
      })
    }
    await this.#fetching
  }

  async #fetch(): Promise<void> {
    try {
      const keys = await fetchJwks(this.#options.url)
      if (keys.length === 0) this.#warn('JWKS: there is no key in it that tokens can be verified by')
      this.#choose = createLocalJWKSet({ keys })
      this.#fetchedAt = this.#now()
      this.#failure = undefined
    } catch (error) {
      this.#failure = `JWKS: ${reasonOf(error)}`
      this.#warn(this.#failure)
    }
  }

  #warn(message: string): void {
    if (this.#now() - this.#warnedAt < WARN_MS) return
    this.#warnedAt = this.#now()
    this.#options.warn(message)
  }
}

/** `fetch` hides what went wrong in the cause of its error. */
function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message} (${cause.message})` : message
}
