import { Bucket } from '../stream/bucket.ts'
import type { Clock } from '../stream/clock.ts'

/** How much a client may say. */
export interface ConductLimits {
  /** how many frames may come in a second, and how many messages that change the channels; 0 for no limit */
  readonly framesPerSecond: number
  readonly subscribesPerSecond: number
  readonly clock: Clock
}

/** So many bad messages within so many milliseconds are too many (contract §4.4). */
const MAX_BAD_MESSAGES = 10
const BAD_MESSAGES_MS = 60_000

/** Counts what one client says on its socket. */
export class Conduct {
  readonly #clock: Clock
  readonly #frames: Bucket
  readonly #subscribes: Bucket
  /** when the latest bad messages came; never more than MAX_BAD_MESSAGES */
  #badMessages: number[] = []

  constructor({ framesPerSecond, subscribesPerSecond, clock }: ConductLimits) {
    this.#clock = clock
    this.#frames = new Bucket(framesPerSecond, clock)
    this.#subscribes = new Bucket(subscribesPerSecond, clock)
  }

  /** A frame has come. Returns whether there was room for it. */
  frame(): boolean {
    return this.#frames.take()
  }

  /** A message would change the channels. Returns whether there was room for it. */
  subscribe(): boolean {
    return this.#subscribes.take()
  }

  /** A message was not valid. Returns whether the client may go on. */
  bad(): boolean {
    const now = this.#clock.now()
    this.#badMessages = this.#badMessages.filter((time) => now - time < BAD_MESSAGES_MS)
    this.#badMessages.push(now)
    return this.#badMessages.length < MAX_BAD_MESSAGES
  }
}
