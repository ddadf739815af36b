import type { ChannelSet } from '../protocol/channel-set.ts'
import {
  type Appended,
  type Bounds,
  type Draft,
  type Log,
  type LogOptions,
  LogUnavailable,
  type Notification,
  type Page,
  startLogStats,
} from './log.ts'
import { MemorySchedule } from './memory/schedule.ts'
import { identityOf, newEpoch, notificationOf, sizeOf } from './notification.ts'
import { fillPage, findNewest } from './page.ts'
import { NO_PEERS } from './peers.ts'
import { Tails } from './tails.ts'

/**
 * Opens a log that lives as long as the process: the reference for the contract, for tests and throw-away use.
 *
 * @param now the clock, milliseconds since 1970
 */
export function openMemoryLog(options: LogOptions, now: () => number = Date.now): Log {
  return new MemoryLog(options, now)
}

class MemoryLog implements Log {
  readonly stats = startLogStats()
  readonly schedule: MemorySchedule
  readonly peers = NO_PEERS
  readonly #options: LogOptions
  readonly #now: () => number
  readonly #epoch = newEpoch()
  /** By position, the oldest first, without holes; bounded by `retentionBytes`, beyond which the oldest are taken. */
  readonly #notifications = new Map<number, Notification>()
  /** The oldest first, forgotten after `idempotencySeconds`. Nothing else bounds them: this log is no store for production. */
  readonly #identities = new Map<string, { readonly position: number; readonly time: number }>()
  readonly #tails = new Tails(
    (after) => this.#after(after),
    () => this.#bounds(),
  )
  #last = 0
  #bytes = 0
  #closed = false

  constructor(options: LogOptions, now: () => number) {
    this.#options = options
    this.#now = now
    this.schedule = new MemorySchedule(options, now, (work) => this.#write(work))
  }

  async append(drafts: readonly Draft[]): Promise<Appended[]> {
    return this.#write((store) => drafts.map((draft) => store(draft)))
  }

  tail(
    after: number,
    onBatch: (batch: readonly Notification[]) => void,
    onReset: (bounds: Bounds) => void,
  ): () => void {
    this.#begin()
    return this.#tails.add(after, onBatch, onReset)
  }

  async read(channels: ChannelSet, after: number, limit: number): Promise<Page> {
    this.#begin()
    const search = { channels, limit, now: this.#now() }
    return { ...fillPage(this.#after(after), search, after, this.#last), gap: after < this.#first - 1 }
  }

  async newest(channels: ChannelSet, count: number): Promise<number> {
    this.#begin()
    const search = { channels, limit: count, now: this.#now() }
    const place = await findNewest((position) => this.#before(position), search, this.#last)
    return Math.max(place, this.#first - 1)
  }

  async bounds(): Promise<Bounds> {
    this.#begin()
    return this.#bounds()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#tails.close()
    this.#notifications.clear()
    this.#identities.clear()
  }

  #bounds(): Bounds {
    return { epoch: this.#epoch, first: this.#first, last: this.#last }
  }

  get #first(): number {
    return this.#last - this.#notifications.size + 1
  }

  /** What every call begins with: retention keeps no timer here, it happens whenever somebody looks. */
  #begin(): void {
    if (this.#closed) throw new LogUnavailable('the log is closed')
    this.#retain()
  }

  /** Does some work that may store drafts. */
  #write<Result>(work: (store: (draft: Draft) => Appended) => Result): Result {
    this.#begin()
    const result = work((draft) => this.#store(draft))
    this.#retain()
    this.#tails.wake()
    return result
  }

  #store(draft: Draft): Appended {
    const identity = identityOf(draft)
    const known = this.#identities.get(identity)
    if (known) return { position: known.position, duplicate: true }
    const notification = notificationOf(draft, ++this.#last, this.#now())
    this.#notifications.set(notification.position, notification)
    this.#identities.set(identity, { position: notification.position, time: notification.time })
    this.#bytes += sizeOf(notification)
    return { position: notification.position, duplicate: false }
  }

  #retain(): void {
    const { retentionSeconds, retentionBytes, idempotencySeconds } = this.#options
    const now = this.#now()
    for (const [position, notification] of this.#notifications) {
      if (this.#bytes <= retentionBytes && notification.time > now - retentionSeconds * 1000) break
      this.#notifications.delete(position)
      this.#bytes -= sizeOf(notification)
    }
    for (const [identity, { time }] of this.#identities) {
      if (time > now - idempotencySeconds * 1000) break
      this.#identities.delete(identity)
    }
  }

  *#after(after: number): Generator<Notification> {
    for (let position = Math.max(after + 1, this.#first); ; position++) {
      const notification = this.#notifications.get(position)
      if (!notification) return
      yield notification
    }
  }

  *#before(before: number): Generator<Notification> {
    for (let position = before - 1; ; position--) {
      const notification = this.#notifications.get(position)
      if (!notification) return
      yield notification
    }
  }
}
