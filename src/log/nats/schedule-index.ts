import { Agenda } from '../agenda.ts'
import type { Outline } from './schedule-record.ts'

/** What this instance knows of a record: enough to find it when something is to be done about it. */
export interface Entry extends Omit<Outline, 'time'> {
  readonly subject: string
  readonly sequence: number
  /** when this instance is to do something about it, milliseconds since 1970 */
  readonly time: number
}

/** The schedule's records as this instance knows them, some 300 bytes each: `maxScheduled`, and those that were settled in a window. */
export class ScheduleIndex {
  readonly #entries = new Map<string, Entry>()
  /** What is scheduled or claimed. */
  readonly #ahead = new Agenda<Entry>()
  /** What is settled. Apart, for what is to be forgotten, however much it is, must not keep waiting what is due. */
  readonly #over = new Agenda<Entry>()
  #pending = 0
  #bytes = 0

  /** How many are scheduled or being published. */
  get pending(): number {
    return this.#pending
  }

  /** What their drafts count for in `retentionBytes`. */
  get bytes(): number {
    return this.#bytes
  }

  get(subject: string): Entry | undefined {
    return this.#entries.get(subject)
  }

  /** Puts in what is newer than what is there. */
  put(entry: Entry): void {
    const known = this.#entries.get(entry.subject)
    if (known && known.sequence >= entry.sequence) return
    if (known) this.#remove(known)
    this.#entries.set(entry.subject, entry)
    this.#agendaOf(entry).add(entry.time, entry.sequence, entry)
    this.#count(entry, 1)
  }

  /** Takes out what is known of a subject, if it is that sequence still. */
  forget(subject: string, sequence: number): void {
    const known = this.#entries.get(subject)
    if (known?.sequence === sequence) this.#remove(known)
  }

  /** Leaves an entry alone until `time`. */
  postpone(entry: Entry, time: number): void {
    this.forget(entry.subject, entry.sequence)
    this.put({ ...entry, time })
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#remove(entry)
  }

  /** What is to be published, the earliest first: so many, and so many bytes, at most. */
  due(now: number, limit: number, bytes: number): Entry[] {
    let size = 0
    return this.#ahead.until(now, limit).filter((entry) => {
      const fits = size < bytes
      size += entry.bytes
      return fits
    })
  }

  /** What is to be forgotten, the earliest first. */
  past(now: number, limit: number): Entry[] {
    return this.#over.until(now, limit)
  }

  /** When something is to be done next, milliseconds since 1970. */
  next(): number | undefined {
    const times = [this.#ahead.next(), this.#over.next()].filter((time) => time !== undefined)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  #agendaOf({ state }: Entry): Agenda<Entry> {
    return isSettled(state) ? this.#over : this.#ahead
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.subject)
    this.#agendaOf(entry).remove(entry.time, entry.sequence)
    this.#count(entry, -1)
  }

  #count({ state, bytes }: Entry, sign: 1 | -1): void {
    if (!isSettled(state)) this.#pending += sign
    this.#bytes += sign * bytes
  }
}

function isSettled(state: Entry['state']): boolean {
  return state === 'published' || state === 'cancelled'
}
