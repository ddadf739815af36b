import type { Bucket } from '../stream/bucket.ts'
import type { Clock } from '../stream/clock.ts'
import type { Peer } from '../stream/peer.ts'
import type { Allowance } from './websocket-allowance.ts'

/** How much clients may say; the same for all of them. */
export interface ConductLimits {
  /** frames that nobody asked for */
  readonly frames: Allowance
  /** messages that change what the client is sent: its channels, or its token */
  readonly subscribes: Allowance
  readonly clock: Clock
}

/** So many bad messages within so many milliseconds are too many (contract §4.4). */
const MAX_BAD_MESSAGES = 10
const BAD_MESSAGES_MS = 60_000

/** Counts what one client says on its socket. */
export class Conduct {
  readonly #limits: ConductLimits
  readonly #peer: Peer
  readonly #frames: Bucket
  readonly #subscribes: Bucket
  /** when the latest bad messages came; never more than MAX_BAD_MESSAGES */
  #badMessages: number[] = []

  constructor(limits: ConductLimits, peer: Peer) {
    this.#limits = limits
    this.#peer = peer
    this.#frames = limits.frames.open()
    this.#subscribes = limits.subscribes.open()
  }

  /** A frame has come. Returns which limit it exceeds, `undefined` when none. */
  frame(): string | undefined {
    return this.#limits.frames.take(this.#frames, this.#peer)
  }

  /** A message would change what the client is sent. Returns which limit it exceeds, `undefined` when none. */
  subscribe(): string | undefined {
    return this.#limits.subscribes.take(this.#subscribes, this.#peer)
  }

  /** A message was not valid. Returns whether the client may go on. */
  bad(): boolean {
    const now = this.#limits.clock.now()
    this.#badMessages = this.#badMessages.filter((time) => now - time < BAD_MESSAGES_MS)
    this.#badMessages.push(now)
    return this.#badMessages.length < MAX_BAD_MESSAGES
  }
}
