import { Bucket } from './bucket.ts'
import type { Clock } from './clock.ts'

/** So many are remembered, some 200 bytes each. */
const MOST = 5_000

/**
 * A bucket for each of those who are told apart by a key. Whoever comes has the same, on however many streams, and after another
 * connect.
 *
 * It remembers the 5,000 who came last, and the next to come has a full one. Who sends too much comes again so soon that 5,000 others
 * must do so in the meantime for that to help.
 */
export class Buckets {
  readonly #perSecond: number
  readonly #clock: Clock
  /** who came last stands last */
  readonly #byKey = new Map<string, Bucket>()

  /** @param perSecond for each; 0 for no limit */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
  }

  /** One more comes from `key`. Returns whether it may; what may not takes no room. */
  take(key: string): boolean {
    if (this.#perSecond === 0) return true
    const bucket = this.#byKey.get(key) ?? new Bucket(this.#perSecond, this.#clock)
    this.#byKey.delete(key)
    for (const first of this.#byKey.keys()) {
      if (this.#byKey.size < MOST) break
      this.#byKey.delete(first)
    }
    this.#byKey.set(key, bucket)
    return bucket.take()
  }
}
