import { Agenda } from '../agenda.ts'
import type { Appended, Draft, LogOptions } from '../log.ts'
import { identityOf } from '../notification.ts'
import type { Dispatch, Schedule, ScheduledDraft, Settlement, Standing } from '../schedule.ts'
import { type Row, type Rows, ScheduleTable } from '../schedule-table.ts'

/** Does some work on the log that it belongs to, which can append in the same breath. Throws LogUnavailable. */
type WithLog = <Result>(work: (append: (draft: Draft) => Appended) => Result) => Result

/** The schedule of a memory log. */
export class MemorySchedule implements Schedule {
  readonly #rows = new MemoryRows()
  readonly #table: ScheduleTable
  readonly #now: () => number
  readonly #withLog: WithLog

  constructor(options: LogOptions, now: () => number, withLog: WithLog) {
    this.#table = new ScheduleTable(this.#rows, options)
    this.#now = now
    this.#withLog = withLog
  }

  async add(drafts: readonly ScheduledDraft[]): Promise<Standing[]> {
    return this.#withLog(() => this.#table.add(drafts, this.#now()))
  }

  async cancel(channel: string, id: string): Promise<Settlement | undefined> {
    return this.#withLog(() => this.#table.cancel(identityOf({ channel, id }), this.#now()))
  }

  async publishDue(): Promise<Dispatch> {
    return this.#withLog((append) => this.#table.publishDue(this.#now(), append))
  }

  pending(): number {
    return this.#rows.tally.pending
  }
}

class MemoryRows implements Rows {
  tally = { serial: 0, pending: 0, bytes: 0 }
  readonly #rows = new Map<string, Row>()
  readonly #agenda = new Agenda<string>()

  get(identity: string): Row | undefined {
    return this.#rows.get(identity)
  }

  put(identity: string, row: Row): void {
    this.remove(identity)
    this.#rows.set(identity, row)
    this.#agenda.add(row.time, row.serial, identity)
  }

  remove(identity: string): void {
    const row = this.#rows.get(identity)
    if (!row) return
    this.#rows.delete(identity)
    this.#agenda.remove(row.time, row.serial)
  }

  until(now: number, limit: number): string[] {
    return this.#agenda.until(now, limit)
  }

  next(): number | undefined {
    return this.#agenda.next()
  }
}
