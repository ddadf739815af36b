import type { Published, Scheduled } from '../protocol/publish.ts'

/** Whoever waits for a publish: the two ends of a promise. */
export interface Waiter {
  resolve(outcome: Published | Scheduled): void
  reject(reason: unknown): void
}

/** A publish that waits its turn or is under way. */
export class Pending {
  /** the item as JSON, with its id: the same at every try */
  readonly line: string
  /** of the line and its line feed */
  readonly bytes: number
  /** when it was handed over, by `performance.now()` */
  readonly since = performance.now()
  /** is told when it is given up while it is under way */
  onGiveUp: (() => void) | undefined
  readonly #signal: AbortSignal | undefined
  #waiter: Waiter | undefined

  /** @param signal gives it up */
  constructor(line: string, signal: AbortSignal | undefined, waiter: Waiter) {
    this.line = line
    this.bytes = Buffer.byteLength(line) + 1
    this.#waiter = waiter
    this.#signal = signal
    signal?.addEventListener('abort', this.#giveUp)
  }

  /** Its outcome is known, or nobody waits for it any more: it is not sent again. */
  get isOver(): boolean {
    return this.#waiter === undefined
  }

  resolve(outcome: Published | Scheduled): void {
    this.#end()?.resolve(outcome)
  }

  reject(reason: unknown): void {
    this.#end()?.reject(reason)
  }

  #giveUp = (): void => {
    this.reject(this.#signal?.reason)
    this.onGiveUp?.()
  }

  #end(): Waiter | undefined {
    const waiter = this.#waiter
    this.#waiter = undefined
    // A signal may outlive many publishes.
    this.#signal?.removeEventListener('abort', this.#giveUp)
    return waiter
  }
}
