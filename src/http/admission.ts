import { normalizeIP } from '@fastify/rate-limit'
import { Problem } from './problem.ts'

/** Seconds after which a client that found no place may try again. */
const RETRY_AFTER = 5

/** How many streams may be open. */
export interface AdmissionLimits {
  /** in all */
  readonly maxConnections: number
  /** from one address; of IPv6, from one /64, which is what a single host may have */
  readonly maxConnectionsPerAddress: number
  /** of one principal */
  readonly maxConnectionsPerPrincipal: number
}

/** Whom a stream is counted for. */
export interface Guest {
  readonly network: string
  /** its name */
  readonly principal: string
}

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

  /** Whom a stream of `principal`, which comes from `address`, is counted for. */
  guest(address: string, principal: string): Guest {
    return { network: normalizeIP(address), principal }
  }

  /**
   * Lets a stream in.
   * @throws Problem `at-capacity` (503) or `too-many-connections` (429)
   */
  admit(guest: Guest): void {
    const full = this.#full(guest)
    if (full) {
      this.#turnedAway()
      throw new Problem(full.code, full.detail, { retryAfter: RETRY_AFTER })
    }
    this.#count(guest, 1)
  }

  /** Says whether `admit` would let a stream in. */
  hasRoom(guest: Guest): boolean {
    return this.#full(guest) === undefined
  }

  /** A stream that was let in gives its place back; to be called once. */
  leave(guest: Guest): void {
    this.#count(guest, -1)
  }

  #full({ network, principal }: Guest): Full | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxConnectionsPerPrincipal } = this.#limits
    if (this.#all >= maxConnections)
      return { code: 'at-capacity', detail: `${maxConnections} streams are open.` }
    const code = 'too-many-connections'
    if ((this.#byAddress.get(network) ?? 0) >= maxConnectionsPerAddress) {
      return { code, detail: `${maxConnectionsPerAddress} are open from this address.` }
    }
    if ((this.#byPrincipal.get(principal) ?? 0) >= maxConnectionsPerPrincipal) {
      return { code, detail: `${maxConnectionsPerPrincipal} are open with this credential.` }
    }
    return undefined
  }

  #count({ network, principal }: Guest, change: 1 | -1): void {
    this.#all += change
    add(this.#byAddress, network, change)
    add(this.#byPrincipal, principal, change)
  }
}

/** Whom a stream of `principal`, by name, is counted for when it comes from `address`. */
export function guestOf(address: string, principal: string): Guest {
  return { network: normalizeIP(address), principal }
}

/** What is at zero is forgotten. */
function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
