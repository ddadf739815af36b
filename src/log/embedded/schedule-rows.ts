import type { Database, RootDatabase } from 'lmdb'
import type { Row, Rows, Tally } from '../schedule-table.ts'

type TallyRow = [serial: number, pending: number, bytes: number]

const TALLY = 'tally'

/** The schedule's part of the LMDB environment. Writes belong into the store's `transaction`. */
export class ScheduleRows implements Rows {
  readonly #tally: Database<TallyRow, string>
  readonly #rows: Database<Row, string>
  /** By time and serial. */
  readonly #agenda: Database<string, [time: number, serial: number]>

  constructor(root: RootDatabase<unknown, string>) {
    this.#tally = root.openDB({ name: 'schedule-tally' })
    this.#rows = root.openDB({ name: 'schedule' })
    this.#agenda = root.openDB({ name: 'schedule-agenda' })
  }

  get tally(): Tally {
    const [serial, pending, bytes] = this.#tally.get(TALLY) ?? [0, 0, 0]
    return { serial, pending, bytes }
  }

  set tally({ serial, pending, bytes }: Tally) {
    void this.#tally.put(TALLY, [serial, pending, bytes])
  }

  get(identity: string): Row | undefined {
    return this.#rows.get(identity)
  }

  put(identity: string, row: Row): void {
    this.remove(identity)
    void this.#rows.put(identity, row)
    void this.#agenda.put([row.time, row.serial], identity)
  }

  remove(identity: string): void {
    const row = this.#rows.get(identity)
    if (!row) return
    void this.#rows.remove(identity)
    void this.#agenda.remove([row.time, row.serial])
  }

  until(now: number, limit: number): string[] {
    return [...this.#agenda.getRange({ end: [now + 1, 0], limit }).map(({ value }) => value)]
  }

  next(): number | undefined {
    const [earliest] = this.#agenda.getKeys({ limit: 1 })
    return earliest?.[0]
  }
}
