/** The first of many texts, by code unit, each once: found in one pass, without all of them being sorted. */
export class Firsts {
  readonly #limit: number
  /** The first ones so far, and what has come since; twice the limit at most, then it is cut. */
  #candidates: string[] = []
  /** Nothing behind it is among the first. */
  #last: string | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Says whether a text may be among them still: most are not, and need not be looked at closer. */
  mayAdd(text: string): boolean {
    return this.#last === undefined || text < this.#last
  }

  add(text: string): void {
    if (this.#candidates.push(text) === 2 * this.#limit) this.#cut()
  }

  /** The first ones, in order. */
  all(): readonly string[] {
    this.#cut()
    return this.#candidates
  }

  #cut(): void {
    this.#candidates = [...new Set(this.#candidates)].sort().slice(0, this.#limit)
    if (this.#candidates.length === this.#limit) this.#last = this.#candidates.at(-1)
  }
}
