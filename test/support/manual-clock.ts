import type { Clock } from '../../src/stream/clock.ts'

interface Timer {
  due: number
  readonly every: number | undefined
  readonly run: () => void
}

/** A clock that stands still until it is told to pass; timers run in the order in which they fall due. */
export class ManualClock implements Clock {
  readonly #defer: (run: () => void) => void
  readonly #timers = new Set<Timer>()
  readonly #deferred: (() => void)[] = []
  #now = Date.UTC(2026, 0, 1)

  /** @param defer how turns of the event loop come: by default only when `turn` is called */
  constructor(defer?: (run: () => void) => void) {
    this.#defer = defer ?? ((run) => this.#deferred.push(run))
  }

  now = (): number => this.#now

  after(ms: number, run: () => void): () => void {
    return this.#add({ due: this.#now + ms, every: undefined, run })
  }

  every(ms: number, run: () => void): () => void {
    return this.#add({ due: this.#now + ms, every: ms, run })
  }

  defer(run: () => void): void {
    this.#defer(run)
  }

  /** How many deferred calls wait for their turn. */
  get deferred(): number {
    return this.#deferred.length
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size
  }

  /** Runs what was deferred before the call. */
  turn(): void {
    for (const run of this.#deferred.splice(0)) run()
  }

  /** Lets `ms` milliseconds pass. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#now = timer.due
      if (timer.every === undefined) this.#timers.delete(timer)
      else timer.due += timer.every
      timer.run()
    }
    this.#now = end
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0]
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }
}
