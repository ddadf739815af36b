import { Bucket } from '../stream/bucket.ts'
import { Buckets } from '../stream/buckets.ts'
import type { Clock } from '../stream/clock.ts'
import type { Peer } from '../stream/peer.ts'

/** How many frames of one kind may come in a second; 0 for no limit. */
export interface FrameRates {
  /** from one client */
  readonly perStream: number
  /** from all clients of one address */
  readonly perAddress: number
  /** from all clients of one principal */
  readonly perPrincipal: number
}

/** What may come of one kind of frame from all clients: each has a bucket of its own, and shares two with its likes. */
export class Allowance {
  readonly #rates: FrameRates
  readonly #clock: Clock
  readonly #byAddress: Buckets
  readonly #byPrincipal: Buckets

  constructor(rates: FrameRates, clock: Clock) {
    this.#rates = rates
    this.#clock = clock
    this.#byAddress = new Buckets(rates.perAddress, clock)
    this.#byPrincipal = new Buckets(rates.perPrincipal, clock)
  }

  /** The bucket of one client, for `take`. */
  open(): Bucket {
    return new Bucket(this.#rates.perStream, this.#clock)
  }

  /** One more comes from the client that has `bucket`. Returns which limit it exceeds, `undefined` when none. */
  take(bucket: Bucket, { address, principal }: Peer): string | undefined {
    const { perStream, perAddress, perPrincipal } = this.#rates
    if (!bucket.take()) return `${perStream} in a second may come from one client`
    if (!this.#byAddress.take(address)) return `${perAddress} in a second may come from one address`
    if (!this.#byPrincipal.take(principal)) return `${perPrincipal} in a second may come from one principal`
    return undefined
  }
}
