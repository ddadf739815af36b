import { type LogOptions, LogUnavailable } from '../log.ts'
import { identityOf } from '../notification.ts'
import {
  type Dispatch,
  type Schedule,
  type ScheduledDraft,
  ScheduleFull,
  type Settlement,
  type Standing,
} from '../schedule.ts'
import { ScheduleTable } from '../schedule-table.ts'
import { Appending } from './appending.ts'
import type { Store } from './store.ts'

/** What the schedule of an embedded log needs. */
export interface EmbeddedScheduleOptions {
  readonly store: Store
  readonly options: LogOptions
  readonly now: () => number
  /** throws LogUnavailable when the log is closed */
  readonly begin: () => void
  /** called after every commit that may have moved the log's head */
  readonly onAppended: () => void
}

/**
 * The schedule of an embedded log, in tables of the same store: what is due leaves them in the transaction that appends it. So it is
 * published once, whichever of several processes comes first, and whenever one of them dies.
 */
export class EmbeddedSchedule implements Schedule {
  readonly #parts: EmbeddedScheduleOptions
  readonly #table: ScheduleTable

  constructor(parts: EmbeddedScheduleOptions) {
    this.#parts = parts
    this.#table = new ScheduleTable(parts.store.schedule, parts.options)
  }

  add(drafts: readonly ScheduledDraft[]): Promise<Standing[]> {
    return this.#commit((now) => this.#table.add(drafts, now))
  }

  cancel(channel: string, id: string): Promise<Settlement | undefined> {
    return this.#commit((now) => this.#table.cancel(identityOf({ channel, id }), now))
  }

  async publishDue(): Promise<Dispatch> {
    const { store, options, now, begin, onAppended } = this.#parts
    begin()
    store.refresh()
    const next = store.schedule.next()
    // A look is no reason to take the store from those who write.
    if (next === undefined || next > now()) return { published: [], next }
    const dispatch = await this.#commit((now) => {
      const appending = new Appending(store, options, now)
      const done = this.#table.publishDue(now, (draft) => appending.append(draft))
      appending.index()
      store.state = appending.state
      return done
    })
    if (dispatch.published.length > 0) onAppended()
    return dispatch
  }

  pending(): number {
    return this.#parts.store.schedule.tally.pending
  }

  async #commit<Result>(work: (now: number) => Result): Promise<Result> {
    const { store, now, begin } = this.#parts
    begin()
    try {
      return await store.transaction(() => work(now()))
    } catch (cause) {
      if (cause instanceof ScheduleFull) throw cause
      throw new LogUnavailable(`the log can not be written: ${(cause as Error).message}`, { cause })
    }
  }
}
