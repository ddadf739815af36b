import type { Notification } from './log.ts'

/** The most notifications in one batch of a tail: what is held in memory at once for a tail that is behind. */
const BATCH = 1000

interface Tail {
  after: number
  readonly onBatch: (batch: readonly Notification[]) => void
}

/**
 * The tails of one log. A tail is only a position: notifications wait in the store, never here.
 *
 * They are woken when the log's head has moved; everything that one turn of the event loop brought comes in the next one, together.
 */
export class Tails {
  readonly #range: (after: number, limit: number) => readonly Notification[]
  readonly #tails = new Set<Tail>()
  #woken = false

  /** @param range reads up to `limit` notifications after a position, in order */
  constructor(range: (after: number, limit: number) => readonly Notification[]) {
    this.#range = range
  }

  /** Adds a tail; see `Log.tail`. */
  add(after: number, onBatch: Tail['onBatch']): () => void {
    const tail = { after, onBatch }
    this.#tails.add(tail)
    this.wake()
    return () => this.#tails.delete(tail)
  }

  /** Says that the head of the log may have moved. */
  wake(): void {
    if (this.#woken || this.#tails.size === 0) return
    this.#woken = true
    setImmediate(() => {
      this.#woken = false
      for (const tail of this.#tails) this.#deliver(tail)
    })
  }

  /** Ends all tails. */
  close(): void {
    this.#tails.clear()
  }

  #deliver(tail: Tail): void {
    const batch = this.#range(tail.after, BATCH)
    const newest = batch.at(-1)
    if (newest === undefined) return
    tail.after = newest.position
    if (batch.length === BATCH) this.wake()
    tail.onBatch(batch)
  }
}
