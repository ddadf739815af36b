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

/** Counts the streams that are open, in all and by address, and turns away those beyond the limits. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #byAddress = new Map<string, number>()
  #all = 0

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /**
   * Lets a stream from `address` in.
   * @returns gives its place back; to be called once
   * @throws Problem `at-capacity` (503) or `too-many-connections` (429)
   */
  admit(address: string): () => void {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    if (this.#all >= maxConnections) {
      throw new Problem('at-capacity', `${maxConnections} streams are open.`, { retryAfter: RETRY_AFTER })
    }
    const open = this.#byAddress.get(address) ?? 0
    if (open >= maxConnectionsPerAddress) {
      throw new Problem('too-many-connections', `${open} streams are open from this address.`, {
        retryAfter: RETRY_AFTER,
      })
    }
    this.#all++
    this.#byAddress.set(address, open + 1)
    return () => this.#release(address)
  }

  #release(address: string): void {
    this.#all--
    const left = (this.#byAddress.get(address) ?? 0) - 1
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }
}
