import { LogUnavailable } from '../log/log.ts'
import type { Schedule, ScheduledDraft, Settlement, Standing } from '../log/schedule.ts'
import type { Clock } from './clock.ts'
import type { Stats } from './stats.ts'

/**
 * The longest time between two looks at the schedule, in milliseconds: other instances may have scheduled something and died. Also how
 * long the log is left alone when it could not be reached.
 */
const LOOK_MS = 500

/** What a dispatcher needs. */
export interface DispatcherOptions {
  readonly schedule: Schedule
  readonly clock: Clock
  /** what is scheduled and published is counted up */
  readonly stats: Stats
  /** is told what goes wrong but for LogUnavailable: nobody waits for it */
  readonly report: (error: unknown) => void
}

/** Has what is scheduled published at its time: one timer, for the earliest that is known or the next look, whichever comes first. */
export class Dispatcher {
  readonly #parts: DispatcherOptions
  /** when something is due, as far as is known; milliseconds since 1970 */
  #due = Number.POSITIVE_INFINITY
  #cancelTimer: () => void = () => {}
  #work: Promise<void> | undefined
  #isClosed = false

  /** Begins to look. */
  constructor(parts: DispatcherOptions) {
    this.#parts = parts
    this.#wait()
  }

  /** See `Schedule.add`. */
  async add(drafts: readonly ScheduledDraft[]): Promise<Standing[]> {
    const { schedule, stats } = this.#parts
    const standings = await schedule.add(drafts)
    const added = standings.filter(({ duplicate }) => !duplicate)
    stats.scheduled += added.length
    for (const { due } of added) this.#due = Math.min(this.#due, due)
    this.#wait()
    return standings
  }

  /** See `Schedule.cancel`. */
  cancel(channel: string, id: string): Promise<Settlement | undefined> {
    return this.#parts.schedule.cancel(channel, id)
  }

  /** Publishes nothing any more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#work
  }

  #wait(): void {
    if (this.#work || this.#isClosed) return
    const { clock } = this.#parts
    this.#cancelTimer()
    this.#cancelTimer = clock.after(Math.min(Math.max(0, this.#due - clock.now()), LOOK_MS), () => {
      this.#work = this.#publish().then(() => {
        this.#work = undefined
        this.#wait()
      })
    })
  }

  /** Publishes a batch of what is due. Never rejects. */
  async #publish(): Promise<void> {
    const { schedule, stats, report } = this.#parts
    // What is scheduled meanwhile may be due earlier than all that this call sees.
    this.#due = Number.POSITIVE_INFINITY
    try {
      const { published, next } = await schedule.publishDue()
      for (const { draft, time, duplicate } of published) {
        stats.scheduleLate.observe(Math.max(0, time - draft.due) / 1000)
        if (duplicate) stats.duplicates++
        else {
          stats.published++
          stats.publishedBytes += Buffer.byteLength(draft.data)
        }
      }
      if (next !== undefined) this.#due = Math.min(this.#due, next)
    } catch (error) {
      if (!(error instanceof LogUnavailable)) report(error)
    }
  }
}
