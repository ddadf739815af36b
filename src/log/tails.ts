import type { Bounds, Notification } from './log.ts'

/** The most notifications in one batch of a tail; it reads on in the next turn. */
const BATCH = 1000
/** So many characters of data close a batch: what is held in memory at once for a tail that is behind. */
const BATCH_DATA = 1024 * 1024

interface Tail {
  after: number
  readonly onBatch: (batch: readonly Notification[]) => void
  readonly onReset: (bounds: Bounds) => void
}

/**
 * The tails of one log. A tail is only a position: notifications wait in the store, never here.
 *
 * They are woken when the log's head has moved; everything that one turn of the event loop brought comes in the next one, together.
 */
export class Tails {
  readonly #readAfter: (after: number) => Iterable<Notification>
  readonly #bounds: () => Bounds
  readonly #tails = new Set<Tail>()
  #woken = false

  /**
   * @param readAfter the notifications after a position, in order
   * @param bounds of the log, as `readAfter` sees it
   */
  constructor(readAfter: (after: number) => Iterable<Notification>, bounds: () => Bounds) {
    this.#readAfter = readAfter
    this.#bounds = bounds
  }

  /** Adds a tail; see `Log.tail`. */
  add(after: number, onBatch: Tail['onBatch'], onReset: Tail['onReset']): () => void {
    const tail = { after, onBatch, onReset }
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
    const bounds = this.#bounds()
    if (tail.after < bounds.first - 1) {
      tail.after = bounds.first - 1
      tail.onReset(bounds)
    }
    // It may have been ended by what it was told.
    if (!this.#tails.has(tail)) return
    const batch: Notification[] = []
    let data = 0
    for (const notification of this.#readAfter(tail.after)) {
      batch.push(notification)
      tail.after = notification.position
      data += notification.data.length
      if (batch.length === BATCH || data >= BATCH_DATA) {
        this.wake()
        break
      }
    }
    if (batch.length > 0) tail.onBatch(batch)
  }
}
