import type { Peer } from '../stream/peer.ts'
import { Problem } from './problem.ts'

/** Seconds after which a client that found no place may try again. */
const RETRY_AFTER = 5

/** How many streams may be open. */
export interface AdmissionLimits {
  /** in all */
  readonly maxConnections: number
  /** from one address */
  readonly maxConnectionsPerAddress: number
  /** of one principal */
  readonly maxConnectionsPerPrincipal: number
}

/** Counts the streams that are open, in all, by address and by principal, and turns away those beyond the limits. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #turnedAway: () => void
  readonly #byAddress = new Map<string, number>()
  readonly #byPrincipal = new Map<string, number>()
  #all = 0

  /** @param turnedAway is called for each that is */
  constructor(limits: AdmissionLimits, turnedAway: () => void) {
    this.#limits = limits
    this.#turnedAway = turnedAway
  }

  /**
   * Lets a stream in.
   * @returns gives its place back; to be called once
   * @throws Problem `at-capacity` (503) or `too-many-connections` (429)
   */
  admit({ address, principal }: Peer): () => void {
    const { maxConnections, maxConnectionsPerAddress, maxConnectionsPerPrincipal } = this.#limits
    if (this.#all >= maxConnections) this.#turnAway('at-capacity', `${maxConnections} streams are open.`)
    if ((this.#byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) {
      this.#turnAway('too-many-connections', `${maxConnectionsPerAddress} are open from this address.`)
    }
    if ((this.#byPrincipal.get(principal) ?? 0) >= maxConnectionsPerPrincipal) {
      this.#turnAway('too-many-connections', `${maxConnectionsPerPrincipal} are open with this credential.`)
    }
    const count = (change: 1 | -1) => {
      this.#all += change
      add(this.#byAddress, address, change)
      add(this.#byPrincipal, principal, change)
    }
    count(1)
    return () => count(-1)
  }

  #turnAway(code: 'at-capacity' | 'too-many-connections', detail: string): never {
    this.#turnedAway()
    throw new Problem(code, detail, { retryAfter: RETRY_AFTER })
  }
}

/** What is at zero is forgotten. */
function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
