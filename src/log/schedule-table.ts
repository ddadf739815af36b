import type { Appended, Draft, LogOptions } from './log.ts'
import { identityOf, sizeOf } from './notification.ts'
import {
  DISPATCH,
  DISPATCH_BYTES,
  type Dispatch,
  type Dispatched,
  demandRoom,
  draftOf,
  type ScheduledDraft,
  type Settlement,
  type Standing,
} from './schedule.ts'

/** A notification of the schedule, with its place on the agenda. */
export type Row = Pending | Settled

interface Pending {
  readonly state: 'scheduled'
  /** when it is due, milliseconds since 1970 */
  readonly time: number
  /** tells apart, and orders, what is at the same time */
  readonly serial: number
  readonly draft: ScheduledDraft
}

interface Settled {
  readonly state: Settlement
  /** when it is forgotten, milliseconds since 1970 */
  readonly time: number
  readonly serial: number
  readonly due: number
  /** in the log; none for what was cancelled */
  readonly position?: number
}

/** What is added up over all rows. */
export interface Tally {
  /** given out last */
  readonly serial: number
  readonly pending: number
  /** of what is pending, as by `sizeOf` */
  readonly bytes: number
}

/** Where the rows of a schedule are kept, by identity, and by time and serial. */
export interface Rows {
  get(identity: string): Row | undefined
  /** In place of the one there is, if any. */
  put(identity: string, row: Row): void
  remove(identity: string): void
  /** Those with a time up to `now`, in order, at most `limit`. */
  until(now: number, limit: number): string[]
  /** The earliest time of all, milliseconds since 1970. */
  next(): number | undefined
  tally: Tally
}

/** The most that one call of `publishDue` looks at: what is published is bounded more narrowly, what is forgotten costs little. */
const LOOK = 2000

/**
 * The schedule of a store in which several things can be done as one: a notification is taken off it and appended to the log in the same
 * transaction, or neither. Every method is to be called within one, and does nothing when it throws.
 */
export class ScheduleTable {
  readonly #rows: Rows
  readonly #options: LogOptions

  constructor(rows: Rows, options: LogOptions) {
    this.#rows = rows
    this.#options = options
  }

  /** See `Schedule.add`. */
  add(drafts: readonly ScheduledDraft[], now: number): Standing[] {
    const added = drafts.filter((draft) => !this.#get(identityOf(draft), now))
    demandRoom(added, this.#rows.tally, this.#options)
    return drafts.map((draft) => {
      const known = this.#get(identityOf(draft), now)
      if (known) return standingOf(known)
      const { serial, pending, bytes } = this.#rows.tally
      const row = { state: 'scheduled', time: draft.due, serial: serial + 1, draft } as const
      this.#rows.put(identityOf(draft), row)
      this.#rows.tally = { serial: serial + 1, pending: pending + 1, bytes: bytes + sizeOf(draft) }
      return { state: 'scheduled', due: draft.due, duplicate: false }
    })
  }

  /** See `Schedule.cancel`. */
  cancel(identity: string, now: number): Settlement | undefined {
    const row = this.#get(identity, now)
    if (row?.state !== 'scheduled') return row?.state
    this.#settle(identity, row, { state: 'cancelled' }, now)
    return 'cancelled'
  }

  /** See `Schedule.publishDue`. @param append stores a draft in the log */
  publishDue(now: number, append: (draft: Draft) => Appended): Dispatch {
    const published: Dispatched[] = []
    let bytes = 0
    for (const identity of this.#rows.until(now, LOOK)) {
      if (published.length === DISPATCH || bytes >= DISPATCH_BYTES) break
      const row = this.#rows.get(identity)
      if (row?.state === 'scheduled') {
        const { position, duplicate } = append(draftOf(row.draft))
        this.#settle(identity, row, { state: 'published', position }, now)
        published.push({ draft: row.draft, time: now, duplicate })
        bytes += sizeOf(row.draft)
      } else this.#rows.remove(identity)
    }
    return { published, next: this.#rows.next() }
  }

  /** What is remembered of an identity. */
  #get(identity: string, now: number): Row | undefined {
    const row = this.#rows.get(identity)
    return row && (row.state === 'scheduled' || row.time > now) ? row : undefined
  }

  #settle(
    identity: string,
    { draft, serial }: Pending,
    end: Pick<Settled, 'state' | 'position'>,
    now: number,
  ): void {
    const time = now + this.#options.idempotencySeconds * 1000
    this.#rows.put(identity, { ...end, time, serial, due: draft.due })
    const { tally } = this.#rows
    this.#rows.tally = { ...tally, pending: tally.pending - 1, bytes: tally.bytes - sizeOf(draft) }
  }
}

function standingOf(row: Row): Standing {
  if (row.state === 'scheduled') return { state: row.state, due: row.time, duplicate: true }
  const { state, due, position } = row
  return { state, due, ...(position !== undefined && { position }), duplicate: true }
}
