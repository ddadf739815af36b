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

/** Which limit is reached. */
interface Full {
  readonly code: 'at-capacity' | 'too-many-connections'
  readonly detail: string
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
   * @throws Problem `at-capacity` (503) or `too-many-connections` (429)
   */
  admit(peer: Peer): void {
    const full = this.#full(peer)
    if (full) {
      this.#turnedAway()
      throw new Problem(full.code, full.detail, { retryAfter: RETRY_AFTER })
    }
    this.#count(peer, 1)
  }

  /** Says whether `admit` would let a stream in. */
  hasRoom(peer: Peer): boolean {
    return this.#full(peer) === undefined
  }

  /** A stream that was let in gives its place back; to be called once. */
  leave(peer: Peer): void {
    this.#count(peer, -1)
  }

  #full({ address, principal }: Peer): Full | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxConnectionsPerPrincipal } = this.#limits
    if (this.#all >= maxConnections)
      return { code: 'at-capacity', detail: `${maxConnections} streams are open.` }
    const code = 'too-many-connections'
    if ((this.#byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) {
      return { code, detail: `${maxConnectionsPerAddress} are open from this address.` }
    }
    if ((this.#byPrincipal.get(principal) ?? 0) >= maxConnectionsPerPrincipal) {
      return { code, detail: `${maxConnectionsPerPrincipal} are open with this credential.` }
    }
    return undefined
  }

  #count({ address, principal }: Peer, change: 1 | -1): void {
    this.#all += change
    add(this.#byAddress, address, change)
    add(this.#byPrincipal, principal, change)
  }
}

/** What is at zero is forgotten. */
function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
