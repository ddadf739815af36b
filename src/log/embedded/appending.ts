import type { Appended, Draft, LogOptions, Notification } from '../log.ts'
import { identityOf, notificationOf, sizeOf } from '../notification.ts'
import { isForgotten } from './retention.ts'
import type { State, Store } from './store.ts'

/** What one transaction appends. To be made, and used, within it. */
export class Appending {
  /** moved on with every notification; to be written back */
  readonly state: State
  /** in order and without holes */
  readonly added: Notification[] = []
  readonly #store: Store
  readonly #options: LogOptions
  readonly #now: number

  constructor(store: Store, options: LogOptions, now: number) {
    this.state = store.state
    this.#store = store
    this.#options = options
    this.#now = now
  }

  /** Stores a draft, unless its identity is known. */
  append(draft: Draft): Appended {
    const { state } = this
    const identity = identityOf(draft)
    const position = state.last + 1
    if (!this.#store.claim(identity, position)) {
      const known = this.#store.identity(identity)
      if (!isForgotten(known.time, this.#options, this.#now)) {
        return { position: known.position, duplicate: true }
      }
      this.#store.reclaim(identity, position)
    }
    state.last = position
    const notification = notificationOf(draft, position, this.#now)
    this.#store.add(notification)
    this.added.push(notification)
    state.bytes += sizeOf(notification)
    return { position, duplicate: false }
  }

  /** Enters what was appended in the index of channels: once, before anything is taken away. */
  index(): void {
    this.#store.index(this.added)
  }
}
