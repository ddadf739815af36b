import { MAX_ITEMS } from '../protocol/publish.ts'
import { PublishError } from './error.ts'
import type { Pending } from './pending.ts'

/** The most bytes of a request, unless its only line is longer: a service takes eight times as much, unless it was told otherwise. */
const MAX_BATCH_BYTES = 1024 * 1024

/** The publishes that wait while a request is under way, in the order in which they came. */
export class Queue {
  readonly #maxCount: number
  readonly #maxBytes: number
  #waiting: Pending[] = []
  #bytes = 0

  /** One that would make them more is refused: whoever publishes has to slow down. */
  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  /** Throws PublishError `queue-full`. */
  add(pending: Pending): void {
    if (this.#waiting.length >= this.#maxCount || this.#bytes + pending.bytes > this.#maxBytes) {
      throw new PublishError(
        'queue-full',
        `${this.#waiting.length} notifications wait already, of ${this.#bytes} bytes.`,
      )
    }
    this.#waiting.push(pending)
    this.#bytes += pending.bytes
  }

  /** Takes as many of the first as one request may have; none when none wait. */
  take(): readonly Pending[] {
    let bytes = 0
    const end = this.#waiting.findIndex((pending, index) => {
      bytes += pending.bytes
      return index === MAX_ITEMS || (index > 0 && bytes > MAX_BATCH_BYTES)
    })
    const batch = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
    for (const pending of batch) this.#bytes -= pending.bytes
    return batch
  }
}
