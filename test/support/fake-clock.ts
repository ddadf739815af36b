/** A clock that only moves when it is told to. */
export class FakeClock {
  #now: number

  /** @param now where it begins, milliseconds since 1970 */
  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  /** What `Date.now` would say. */
  readonly now = (): number => this.#now

  pass(seconds: number): void {
    this.#now += seconds * 1000
  }
}
