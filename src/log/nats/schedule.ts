import { ChannelSet } from '../../protocol/channel-set.ts'
import type { Log, Page } from '../log.ts'
import {
  DISPATCH,
  DISPATCH_BYTES,
  type Dispatch,
  type Dispatched,
  demandRoom,
  draftOf,
  type Schedule,
  type ScheduledDraft,
  type Settlement,
  type Standing,
} from '../schedule.ts'
import { type Entry, ScheduleIndex } from './schedule-index.ts'
import { type Claimed, outlineOf, type Record, recordSubject } from './schedule-record.ts'
import type { Found, Place, ScheduleRecords } from './schedule-records.ts'
import { idempotencyWindow, type StreamOptions } from './stream.ts'

/** Between two looks for what other instances have done, in milliseconds. */
const LOOK = 400
/** How much later than the instance that has put a record others see to it, at least, and by chance up to four times as much, in milliseconds. */
const GRACE = 100
/** After so long what is claimed and not published is looked after by every instance, in milliseconds. */
const TAKEOVER = 700
/** How much longer than the window other instances wait before they take away what was settled, in milliseconds. */
const LEFTOVER = 10_000
/** How many notifications of a channel are looked through at once. */
const PAGE = 1000

/** What of the log is used here. */
interface ItsLog extends Pick<Log, 'append' | 'bounds'> {
  readAsOf(now: number, channels: ChannelSet, after: number, limit: number): Promise<Page>
}

/**
 * The schedule of a log on NATS, in a stream of its own.
 *
 * To publish is to claim the record and then to append it to the log: one instance gets the claim, and who cancels doesn't. Whatever
 * happens to that instance, the others find the claim and look whether the log has the notification. If not, they append it, too: what
 * came in between is less than an idempotency window old, so that the log stores one of them.
 */
export class JetStreamSchedule implements Schedule {
  readonly #log: ItsLog
  readonly #records: ScheduleRecords
  readonly #options: StreamOptions
  /** of the idempotency window, in milliseconds */
  readonly #window: number
  readonly #index = new ScheduleIndex()
  #place: Place | undefined
  /** on the clock of `performance.now()` */
  #looked = Number.NEGATIVE_INFINITY

  constructor(log: ItsLog, records: ScheduleRecords, options: StreamOptions) {
    this.#log = log
    this.#records = records
    this.#options = options
    this.#window = idempotencyWindow(options)
  }

  async add(drafts: readonly ScheduledDraft[]): Promise<Standing[]> {
    const added = drafts.filter((draft) => !this.#index.get(this.#subjectOf(draft)))
    // Instances learn of one another's within LOOK: together they may take somewhat more than there is room for.
    demandRoom(added, this.#index, this.#options)
    return Promise.all(drafts.map((draft) => this.#add(draft)))
  }

  async cancel(channel: string, id: string): Promise<Settlement | undefined> {
    const subject = this.#subjectOf({ channel, id })
    for (;;) {
      const found = await this.#remembered(subject)
      if (!found) return undefined
      const { record, sequence } = found
      if (record.state === 'claimed') return 'published'
      if (record.state !== 'scheduled') return record.state
      const { due } = record.draft
      const cancelled = { state: 'cancelled', due, time: Date.now() } as const
      if ((await this.#replace(subject, cancelled, sequence)) !== undefined) return 'cancelled'
    }
  }

  async publishDue(): Promise<Dispatch> {
    await this.#look()
    const due = this.#index.due(Date.now(), DISPATCH, DISPATCH_BYTES)
    const scheduled = due.filter(({ state }) => state === 'scheduled')
    const claimed = due.filter(({ state }) => state === 'claimed')
    const published = [
      ...(scheduled.length > 0 ? await this.#publish(scheduled) : []),
      ...(await Promise.all(claimed.map((entry) => this.#takeOver(entry)))).flat(),
    ]
    await Promise.all(this.#index.past(Date.now(), DISPATCH).map((entry) => this.#forget(entry)))
    return { published, next: this.#index.next() }
  }

  pending(): number {
    return this.#index.pending
  }

  async #add(draft: ScheduledDraft): Promise<Standing> {
    const subject = this.#subjectOf(draft)
    for (let expected = 0; ; ) {
      const sequence = await this.#replace(subject, { state: 'scheduled', draft }, expected)
      if (sequence !== undefined) return { state: 'scheduled', due: draft.due, duplicate: false }
      const found = await this.#records.latest(subject)
      if (found && this.#isRemembered(found.record)) return standingOf(found.record)
      expected = found?.sequence ?? 0
    }
  }

  async #publish(entries: readonly Entry[]): Promise<Dispatched[]> {
    const began = performance.now()
    const { epoch, last } = await this.#log.bounds()
    const end = { epoch, position: last }
    const claims = await Promise.all(entries.map((entry) => this.#claim(entry, end)))
    const mine = claims.filter((claim) => claim !== undefined)
    // Somebody may have taken it over meanwhile: then it is looked up like what somebody else has left.
    if (mine.length === 0 || this.#isLate(began)) return []
    const outcomes = await this.#log.append(mine.map(({ record }) => draftOf(record.draft)))
    const time = Date.now()
    await Promise.all(
      mine.map(({ record, entry }, i) => this.#settle(entry, record, outcomes[i]?.position ?? 0)),
    )
    return mine.map(({ record: { draft } }, i) => ({
      draft,
      time,
      duplicate: outcomes[i]?.duplicate ?? false,
    }))
  }

  async #claim(
    entry: Entry,
    end: Claimed['end'],
  ): Promise<{ readonly record: Claimed; readonly entry: Entry } | undefined> {
    const found = await this.#found(entry)
    if (found?.record.state !== 'scheduled') return undefined
    const record = { state: 'claimed', draft: found.record.draft, end } as const
    const sequence = await this.#replace(entry.subject, record, entry.sequence)
    const claimed = sequence === undefined ? undefined : this.#index.get(entry.subject)
    return claimed && { record, entry: claimed }
  }

  /** Publishes what somebody has claimed and not published, as far as is known: it may be in the log. */
  async #takeOver(entry: Entry): Promise<Dispatched[]> {
    const began = performance.now()
    const found = await this.#found(entry)
    if (found?.record.state !== 'claimed') return []
    const { draft } = found.record
    const position = await this.#find(found.record)
    if (position !== undefined) {
      await this.#settle(entry, found.record, position)
      return []
    }
    if (this.#isLate(began)) {
      this.#index.postpone(entry, Date.now() + TAKEOVER)
      return []
    }
    const [outcome] = await this.#log.append([draftOf(draft)])
    const time = Date.now()
    await this.#settle(entry, found.record, outcome?.position ?? 0)
    return outcome?.duplicate ? [] : [{ draft, time, duplicate: false }]
  }

  /** Finds in the log what has been claimed, expired or not. */
  async #find({ draft, end }: Claimed): Promise<number | undefined> {
    const { epoch, last } = await this.#log.bounds()
    const channels = new ChannelSet([draft.channel])
    for (let after = epoch === end.epoch ? end.position : 0; after < last; ) {
      const page = await this.#log.readAsOf(0, channels, after, PAGE)
      const found = page.notifications.find(({ id }) => id === draft.id)
      if (found) return found.position
      after = page.through
    }
    return undefined
  }

  async #settle({ subject, sequence }: Entry, { draft }: Claimed, position: number): Promise<void> {
    const record = { state: 'published', due: draft.due, time: Date.now(), position } as const
    await this.#replace(subject, record, sequence)
  }

  async #forget(entry: Entry): Promise<void> {
    await this.#records.remove(entry.sequence)
    this.#index.forget(entry.subject, entry.sequence)
  }

  /** The record of an entry; where it has been replaced the entry goes, and the next look brings what there is now. */
  async #found(entry: Entry): Promise<Found | undefined> {
    const found = await this.#records.at(entry.sequence)
    if (!found) this.#index.forget(entry.subject, entry.sequence)
    return found
  }

  async #remembered(subject: string): Promise<Found | undefined> {
    const found = await this.#records.latest(subject)
    return found && this.#isRemembered(found.record) ? found : undefined
  }

  #isRemembered(record: Record): boolean {
    return 'draft' in record || record.time + this.#window > Date.now()
  }

  /** What this instance puts is its own to look after: at its time. */
  async #replace(subject: string, record: Record, expected: number): Promise<number | undefined> {
    const sequence = await this.#records.replace(subject, record, expected)
    const outline = outlineOf(record)
    if (sequence !== undefined) {
      this.#index.put({ ...outline, subject, sequence, time: this.#time(outline, 0) })
    } else this.#index.forget(subject, expected)
    return sequence
  }

  /** Learns what all instances have done since the last look, this one among them. */
  async #look(): Promise<void> {
    if (performance.now() - this.#looked < LOOK) return
    for (let more = true; more; ) {
      const page = await this.#records.behind(this.#place)
      // Somebody has deleted the stream, and all that was in it.
      if (this.#place && this.#place.epoch !== page.through.epoch) this.#index.clear()
      for (const outline of page.outlines) {
        this.#index.put({ ...outline, time: this.#time(outline, GRACE * (1 + 3 * Math.random())) })
      }
      this.#place = page.through
      more = page.more
    }
    this.#looked = performance.now()
  }

  /**
   * When this instance is to do something about a record, milliseconds since 1970.
   * @param grace none for what it has put itself
   */
  #time({ state, time }: Pick<Entry, 'state' | 'time'>, grace: number): number {
    if (state === 'claimed') return Date.now() + TAKEOVER + grace
    if (state === 'scheduled') return grace === 0 ? time : Math.max(time, Date.now()) + grace
    return time + this.#window + (grace === 0 ? 0 : LEFTOVER + grace)
  }

  /** So much of the window may pass between a look at the log and an append: twice as much is for the append. */
  #isLate(began: number): boolean {
    return performance.now() - began > this.#window / 4
  }

  #subjectOf(identity: { channel: string; id: string }): string {
    return recordSubject(this.#options.name, identity)
  }
}

function standingOf(record: Record): Standing {
  if ('draft' in record) return { state: 'scheduled', due: record.draft.due, duplicate: true }
  const { state, due, position } = record
  return { state, due, ...(position !== undefined && { position }), duplicate: true }
}
