import type { Clock } from './clock.ts'

/** So many seconds' worth may come at once. */
const BURST_SECONDS = 10

/** Lets things through at a steady rate, and several at once after a rest: the bucket that fills by drops (ITU-T I.371, as a meter). */
export class Bucket {
  readonly #perSecond: number
  readonly #clock: Clock
  /** how many there is room for now */
  #left: number
  /** when that was so, milliseconds since 1970 */
  #at: number

  /** @param perSecond 0 for no limit */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#left = perSecond * BURST_SECONDS
    this.#at = clock.now()
  }

  /** One more comes. Returns whether it may; what may not takes no room. */
  take(): boolean {
    if (this.#perSecond === 0) return true
    const now = this.#clock.now()
    // The machine's clock may be set back.
    const gained = (Math.max(0, now - this.#at) / 1000) * this.#perSecond
    this.#left = Math.min(this.#left + gained, this.#perSecond * BURST_SECONDS)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
