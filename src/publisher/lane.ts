import { setImmediate } from 'node:timers/promises'
import { publishBatch } from './batch.ts'
import type { Target } from './call.ts'
import type { Pending } from './pending.ts'
import { Queue } from './queue.ts'

/** How a lane sends. */
export interface LaneOptions {
  readonly target: Target
  /** for how long from the newest one of a batch it is tried, in milliseconds */
  readonly timeout: number
  readonly maxQueued: number
  readonly maxQueuedBytes: number
}

/** Publishes that keep their order: one request is under way at a time. */
export class Lane {
  readonly #target: Target
  readonly #timeout: number
  readonly #queue: Queue
  #sending: Promise<void> | undefined

  constructor({ target, timeout, maxQueued, maxQueuedBytes }: LaneOptions) {
    this.#target = target
    this.#timeout = timeout
    this.#queue = new Queue(maxQueued, maxQueuedBytes)
  }

  /** Throws PublishError `queue-full`. */
  add(pending: Pending): void {
    this.#queue.add(pending)
    this.#sending ??= this.#send()
  }

  /** Resolves when all that was added is settled. */
  async empty(): Promise<void> {
    await this.#sending
  }

  async #send(): Promise<void> {
    for (;;) {
      // Until all calls of this turn are there, and the connection is free for the next request.
      await setImmediate()
      const batch = this.#queue.take()
      if (batch.length === 0) break
      const newest = Math.max(...batch.map(({ since }) => since))
      await publishBatch(this.#target, batch, newest + this.#timeout)
    }
    this.#sending = undefined
  }
}
