import type { ChannelSet } from '../protocol/channel-set.ts'
import { SocketPeers } from './embedded/peers.ts'
import { EmbeddedSchedule } from './embedded/schedule.ts'
import { Siblings } from './embedded/siblings.ts'
import { Store } from './embedded/store.ts'
import { Writer } from './embedded/writer.ts'
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
import { fillPage, findNewest } from './page.ts'
import { Tails } from './tails.ts'

/** How often the log looks for what has become too old, and for appends of which no tick has come, in milliseconds. */
const SWEEP_INTERVAL = 1000

/**
 * Opens the log in a directory, and makes it where there is none: the default, durable on one machine (LMDB).
 *
 * Several processes may open the same directory, with the same options; a tail brings what another one appended in about a
 * millisecond, or within SWEEP_INTERVAL where ticks don't come (see `Siblings`). The file grows up to some three times `retentionBytes`
 * (measured; worst with notifications of 1.5 KiB, of which two fill a page) and the identities of one idempotency window, and never
 * shrinks: what is freed is used again.
 *
 * @param now the clock, milliseconds since 1970
 * @throws Error that names the directory when it can't be made, read and written
 */
export function openEmbeddedLog(
  directory: string,
  options: LogOptions,
  now: () => number = Date.now,
): EmbeddedLog {
  return new EmbeddedLog(directory, options, now)
}

/** See `openEmbeddedLog`. */
export class EmbeddedLog implements Log {
  readonly stats = startLogStats()
  readonly schedule: EmbeddedSchedule
  readonly peers: SocketPeers
  readonly #store: Store
  readonly #now: () => number
  readonly #writer: Writer
  readonly #tails: Tails
  readonly #siblings: Siblings
  readonly #sweeping: NodeJS.Timeout
  #closing: Promise<void> | undefined

  constructor(directory: string, options: LogOptions, now: () => number) {
    const store = new Store(directory, options.retentionBytes)
    this.#store = store
    this.#now = now
    this.#tails = new Tails(
      (after) => this.#following(after),
      () => store.state,
    )
    this.peers = new SocketPeers(directory)
    this.#siblings = new Siblings(directory, () => this.#look())
    const onAppended = () => {
      this.#tails.wake()
      this.#siblings.tell()
    }
    this.#writer = new Writer(store, options, now, onAppended)
    const begin = () => this.#begin()
    this.schedule = new EmbeddedSchedule({ store, options, now, begin, onAppended })
    this.#sweeping = setInterval(() => {
      void this.#writer.work()
      this.#look()
    }, SWEEP_INTERVAL).unref()
  }

  async append(drafts: readonly Draft[]): Promise<Appended[]> {
    this.#begin()
    return this.#writer.append(drafts)
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
    const { first, last } = this.#store.state
    const search = { channels, limit, now: this.#now() }
    return { ...fillPage(this.#after(channels, after), search, after, last), gap: after < first - 1 }
  }

  async newest(channels: ChannelSet, count: number): Promise<number> {
    this.#begin()
    const search = { channels, limit: count, now: this.#now() }
    const place = await findNewest(
      (position) => this.#before(channels, position),
      search,
      this.#store.state.last,
    )
    this.#begin()
    return Math.max(place, this.#store.state.first - 1)
  }

  async bounds(): Promise<Bounds> {
    this.#begin()
    const { epoch, first, last } = this.#store.state
    return { epoch, first, last }
  }

  /** Takes away what retention and the idempotency window no longer cover, as a timer does anyway. */
  async sweep(): Promise<void> {
    this.#begin()
    await this.#writer.work()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeping)
    this.#tails.close()
    await this.#writer.work()
    this.#siblings.close()
    this.peers.close()
    await this.#store.close()
  }

  /** All notifications after a position, in order: from this process itself as far as it has just written them, else from the store. */
  *#following(after: number): Generator<Notification, void> {
    let reached = after
    for (const notification of this.#writer.newest) {
      if (notification.position !== reached + 1) continue
      yield notification
      reached = notification.position
    }
    yield* this.#store.after(reached)
  }

  /** Another process may have appended. */
  #look(): void {
    this.#store.refresh()
    this.#tails.wake()
  }

  #begin(): void {
    if (this.#closing !== undefined) throw new LogUnavailable('the log is closed')
  }

  /** Names have an index; what patterns stand for is only found by looking through the log itself. */
  #after(channels: ChannelSet, after: number): Iterable<Notification> {
    return channels.patterns.length > 0
      ? this.#store.after(after)
      : this.#store.afterOn(channels.names, after)
  }

  #before(channels: ChannelSet, before: number): Iterable<Notification> {
    this.#begin()
    return channels.patterns.length > 0
      ? this.#store.before(before)
      : this.#store.beforeOn(channels.names, before)
  }
}
