import type { Notification } from './log.ts'

/** The most notifications in one batch of a tail; it reads on in the next turn. */
const BATCH = 1000
/** So many characters of data close a batch: what is held in memory at once for a tail that is behind. */
const BATCH_DATA = 1024 * 1024

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
  readonly #readAfter: (after: number) => Iterable<Notification>
  readonly #tails = new Set<Tail>()
  #woken = false

  /** @param readAfter the notifications after a position, in order */
  constructor(readAfter: (after: number) => Iterable<Notification>) {
    this.#readAfter = readAfter
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
