import { type Appended, type Draft, type LogOptions, LogUnavailable, type Notification } from '../log.ts'
import { sizeOf } from '../notification.ts'
import { Appending } from './appending.ts'
import { forgetOld, takeOld } from './retention.ts'
import type { Store } from './store.ts'

/**
 * The most bytes of drafts that wait for the disk. Beyond it appends are refused as LogUnavailable, so that a slow disk is felt
 * by publishers and not by the process's memory.
 */
const QUEUE_BYTES = 64 * 1024 * 1024
/** So many drafts close a group: a commit has more only where one call brought more. */
const GROUP = 1000

interface Waiting {
  readonly drafts: readonly Draft[]
  readonly bytes: number
  readonly resolve: (outcomes: Appended[]) => void
  readonly reject: (error: LogUnavailable) => void
}

/**
 * Writes to the store, one transaction after the other. Appends that come while one is on its way to the disk share the next (group
 * commit), and each takes away some of what retention and the idempotency window no longer cover.
 */
export class Writer {
  readonly #store: Store
  readonly #options: LogOptions
  readonly #now: () => number
  readonly #onAppended: () => void
  #queue: Waiting[] = []
  #queuedBytes = 0
  #newest: readonly Notification[] = []
  #work: Promise<void> | undefined

  /** @param onAppended called after every commit that may have moved the log's head */
  constructor(store: Store, options: LogOptions, now: () => number, onAppended: () => void) {
    this.#store = store
    this.#options = options
    this.#now = now
    this.#onAppended = onAppended
  }

  /** What the last commit of this process stored, in order and without holes, for whoever would else read it back at once. */
  get newest(): readonly Notification[] {
    return this.#newest
  }

  /** See `Log.append`. */
  append(drafts: readonly Draft[]): Promise<Appended[]> {
    return new Promise((resolve, reject) => {
      if (this.#queuedBytes >= QUEUE_BYTES) {
        reject(new LogUnavailable('the disk is behind: too much waits to be written'))
        return
      }
      const bytes = drafts.reduce((sum, draft) => sum + sizeOf(draft), 0)
      this.#queue.push({ drafts, bytes, resolve, reject })
      this.#queuedBytes += bytes
      void this.work()
    })
  }

  /** Writes what waits and takes away what is due; resolves when nothing is left to do. Never rejects. */
  work(): Promise<void> {
    this.#work ??= this.#run()
    return this.#work
  }

  async #run(): Promise<void> {
    let isMoreDue: boolean
    do {
      isMoreDue = await this.#commit()
    } while (isMoreDue || this.#queue.length > 0)
    // In the same breath as the look at the queue, or an append in between would wait for ever.
    this.#work = undefined
  }

  /** @returns whether more is to be taken away */
  async #commit(): Promise<boolean> {
    let group: Waiting[] = []
    try {
      const { outcomes, added, isMoreDue } = await this.#store.transaction(() => {
        const now = this.#now()
        const appending = new Appending(this.#store, this.#options, now)
        const { state, added } = appending
        // While too much is kept nothing is added, or large notifications could come in faster than small ones go.
        if (state.bytes <= this.#options.retentionBytes) group = this.#nextGroup()
        const outcomes = group.map(({ drafts }) => drafts.map((draft) => appending.append(draft)))
        appending.index()
        const isForgottenLeft = forgetOld(this.#store, state, this.#options, now)
        const isOldLeft = takeOld(this.#store, state, this.#options, now)
        this.#store.state = state
        return { outcomes, added, isMoreDue: isForgottenLeft || isOldLeft }
      })
      this.#newest = added
      for (const [i, { resolve }] of group.entries()) resolve(outcomes[i] ?? [])
      if (group.length > 0) this.#onAppended()
      return isMoreDue
    } catch (cause) {
      // What waits would fare no better, and a publisher may send the same again.
      const refused = [...group, ...this.#nextGroup(Number.POSITIVE_INFINITY)]
      const why = `the log can not be written: ${(cause as Error).message}`
      for (const { reject } of refused) reject(new LogUnavailable(why, { cause }))
      return false
    }
  }

  #nextGroup(most = GROUP): Waiting[] {
    let drafts = 0
    const group: Waiting[] = []
    for (const waiting of this.#queue) {
      if (drafts >= most) break
      drafts += waiting.drafts.length
      this.#queuedBytes -= waiting.bytes
      group.push(waiting)
    }
    this.#queue = this.#queue.slice(group.length)
    return group
  }
}
