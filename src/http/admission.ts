import { normalizeIP } from '@fastify/rate-limit'
import { Problem } from './problem.ts'

/** Seconds after which a client that found no place may try again. */
const RETRY_AFTER = 5

/** How many streams may be open. */
export interface AdmissionLimits {
  /** in all */
  readonly maxConnections: number
  /** from one address */
  readonly maxConnectionsPerAddress: number
}

/** Counts the streams that are open, in all and by address (of IPv6, the /64 that one host may have), and turns away those beyond the limits. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #turnedAway: () => void
  readonly #byAddress = new Map<string, number>()
  #all = 0

  /** @param turnedAway is called for each that is */
  constructor(limits: AdmissionLimits, turnedAway: () => void) {
    this.#limits = limits
    this.#turnedAway = turnedAway
  }

  /**
   * Lets a stream from `address` in.
   * @returns gives its place back; to be called once
   * @throws Problem `at-capacity` (503) or `too-many-connections` (429)
   */
  admit(address: string): () => void {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    if (this.#all >= maxConnections) this.#turnAway('at-capacity', `${maxConnections} streams are open.`)
    const network = normalizeIP(address)
    const open = this.#byAddress.get(network) ?? 0
    if (open >= maxConnectionsPerAddress) {
      this.#turnAway('too-many-connections', `${open} streams are open from this address.`)
    }
    this.#all++
    this.#byAddress.set(network, open + 1)
    return () => this.#release(network)
  }

  #turnAway(code: 'at-capacity' | 'too-many-connections', detail: string): never {
    this.#turnedAway()
    throw new Problem(code, detail, { retryAfter: RETRY_AFTER })
  }

  #release(network: string): void {
    this.#all--
    const left = (this.#byAddress.get(network) ?? 0) - 1
    if (left > 0) this.#byAddress.set(network, left)
    else this.#byAddress.delete(network)
  }
}
