import type { ChannelSet } from '../protocol/channel-set.ts'
import type { Room } from './batch.ts'
import { Batch } from './batch.ts'
import type { Entry } from './entry.ts'

/** How many entries one read by pattern looks at before it lets others have their turn. */
const SCAN = 4096

/**
 * The newest notifications in log order, with an index by channel: what a subscriber that is only a little behind, or comes
 * back after a deploy, is served from without a read of the log.
 *
 * Bounded by weight: beyond it the oldest entries go, and whoever still needs them reads the log.
 */
export class Window {
  readonly #limit: number
  readonly #entries = new Run()
  readonly #channels = new Map<string, Run>()
  #weight = 0
  #floor: number
  #head: number

  /**
   * @param limit the most its entries may weigh together, in bytes (see `Entry.weight`)
   * @param start the position after which it begins to fill
   */
  constructor(limit: number, start: number) {
    this.#limit = limit
    this.#floor = start
    this.#head = start
  }

  /** The newest position it knows. */
  get head(): number {
    return this.#head
  }

  /** Everything after this position, as far as `head`, is in it. */
  get floor(): number {
    return this.#floor
  }

  /** How many notifications it holds. */
  get length(): number {
    return this.#entries.length
  }

  /** What they weigh together, in bytes (see `Entry.weight`). */
  get weight(): number {
    return this.#weight
  }

  /** Says whether everything after `position`, as far as `head`, is in the window. */
  covers(position: number): boolean {
    return position >= this.#floor
  }

  /** Takes what the tail brought; the positions go on from `head`. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { channel } = entry.notification
      let run = this.#channels.get(channel)
      if (!run) {
        run = new Run()
        this.#channels.set(channel, run)
      }
      run.push(entry)
      this.#entries.push(entry)
      this.#weight += entry.weight
      this.#head = entry.position
      while (this.#weight > this.#limit) this.#evict()
    }
  }

  #evict(): void {
    const entry = this.#entries.shift()
    if (!entry) return
    const { channel } = entry.notification
    const run = this.#channels.get(channel)
    run?.shift()
    if (run?.length === 0) this.#channels.delete(channel)
    this.#weight -= entry.weight
    this.#floor = entry.position
  }

  /** The next batch on `channels` after a position that the window covers, without what has expired by `now`. */
  read(channels: ChannelSet, after: number, room: Room, now: number): Batch {
    return channels.patterns.length === 0
      ? this.#readNames(channels, after, room, now)
      : this.#scan(channels, after, room, now)
  }

  #readNames(channels: ChannelSet, after: number, room: Room, now: number): Batch {
    const found: Entry[] = []
    let end = this.#head
    for (const name of channels.names) {
      const count = this.#channels.get(name)?.collect(found, after, room.count + 1) ?? 0
      // This channel may have more: nothing behind what was collected of it may be told yet.
      if (count > room.count) end = Math.min(end, (found.at(-1) as Entry).position)
    }
    if (channels.names.size > 1) found.sort((a, b) => a.position - b.position)
    return this.#fill(found, after, room, now, end)
  }

  #scan(channels: ChannelSet, after: number, room: Room, now: number): Batch {
    const looked: Entry[] = []
    this.#entries.collect(looked, after, SCAN)
    const end = looked.length < SCAN ? this.#head : (looked.at(-1)?.position ?? this.#head)
    return this.#fill(
      looked.filter((entry) => channels.has(entry.notification.channel)),
      after,
      room,
      now,
      end,
    )
  }

  /** Cuts `found` to `room` and to what lies at most at `end`. */
  #fill(found: readonly Entry[], after: number, room: Room, now: number, end: number): Batch {
    const entries: Entry[] = []
    let bytes = 0
    let through = after
    for (const entry of found) {
      if (entry.position > end) break
      if (entry.isCurrent(now)) {
        bytes += entry.notification.data.length
        if (entries.length === room.count || (bytes > room.bytes && entries.length > 0)) {
          return new Batch(entries, through)
        }
        entries.push(entry)
      }
      through = entry.position
    }
    return new Batch(entries, Math.max(after, end))
  }
}

/** Entries in log order: grows at the end, shrinks at the front, both in constant time on average. */
class Run {
  #items: Entry[] = []
  #start = 0

  get length(): number {
    return this.#items.length - this.#start
  }

  push(entry: Entry): void {
    this.#items.push(entry)
  }

  shift(): Entry | undefined {
    const entry = this.#items[this.#start++]
    if (this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return entry
  }

  /** Adds to `into` at most `count` entries after a position; returns how many. */
  collect(into: Entry[], after: number, count: number): number {
    let low = this.#start
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle] as Entry).position <= after) low = middle + 1
      else high = middle
    }
    const end = Math.min(low + count, this.#items.length)
    for (let i = low; i < end; i++) into.push(this.#items[i] as Entry)
    return end - low
  }
}
