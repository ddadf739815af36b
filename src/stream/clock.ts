/** Time as the stream core sees it: passed in, so that tests hold it in their hands. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number
  /** Calls `run` after `ms` milliseconds, once; returns what calls it off. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` every `ms` milliseconds; returns what calls it off. */
  every(ms: number, run: () => void): () => void
  /** Calls `run` in a later turn of the event loop, after input that is at hand. */
  defer(run: () => void): void
}

/** The machine's clock. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
  defer(run) {
    setImmediate(run)
  },
}
