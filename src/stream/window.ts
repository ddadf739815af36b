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
  readonly #grew = (bytes: number): void => this.#weigh(bytes)

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
      this.#head = entry.position
      entry.grew = this.#grew
      this.#weigh(entry.weight)
    }
  }

  #weigh(more: number): void {
    this.#weight += more
    while (this.#weight > this.#limit) this.#evict()
  }

  #evict(): void {
    const entry = this.#entries.shift()
    if (!entry) return
    entry.grew = undefined
    const { channel } = entry.notification
    const run = this.#channels.get(channel)
    run?.shift()
    if (run?.length === 0) this.#channels.delete(channel)
    this.#weight -= entry.weight
    this.#floor = entry.position
  }

  /** The next batch on `channels` after a position that the window covers, without what has expired by `now`. */
  read(channels: ChannelSet, after: number, room: Room, now: number): Batch {
    if (channels.patterns.length > 0) return this.#scan(channels, after, room, now)
    const runs = Array.from(channels.names).flatMap((name) => this.#channels.get(name)?.after(after) ?? [])
    return fill(inOrder(runs), after, room, now, this.#head)
  }

  #scan(channels: ChannelSet, after: number, room: Room, now: number): Batch {
    const looked: Entry[] = []
    let end = this.#head
    for (const entry of this.#entries.after(after)) {
      if (looked.push(entry) < SCAN) continue
      end = entry.position
      break
    }
    const found = looked.filter((entry) => channels.has(entry.notification.channel))
    return fill(found, after, room, now, end)
  }
}

/** Takes what is current of `found`, as far as there is room; `end` is how far the batch reaches when there is room for all. */
function fill(found: Iterable<Entry>, after: number, room: Room, now: number, end: number): Batch {
  const entries: Entry[] = []
  let bytes = 0
  let through = after
  for (const entry of found) {
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

/** Entries in log order: grows at the end, shrinks at the front, both in constant time on average. */
class Run {
  #items: (Entry | undefined)[] = []
  #start = 0

  get length(): number {
    return this.#items.length - this.#start
  }

  push(entry: Entry): void {
    this.#items.push(entry)
  }

  shift(): Entry | undefined {
    const entry = this.#items[this.#start]
    // What is gone is not held until the array is cut.
    this.#items[this.#start++] = undefined
    if (this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return entry
  }

  /** The entries after a position. */
  *after(position: number): Generator<Entry, void> {
    let low = this.#start
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle] as Entry).position <= position) low = middle + 1
      else high = middle
    }
    for (; low < this.#items.length; low++) yield this.#items[low] as Entry
  }
}

/** The entries of several runs in log order, found one by one: whoever takes only the first few pays only for those. */
function* inOrder(runs: readonly Iterable<Entry>[]): Generator<Entry, void> {
  const heads = runs.flatMap((run) => {
    const iterator = run[Symbol.iterator]()
    const { value, done } = iterator.next()
    return done ? [] : [{ entry: value, iterator }]
  })
  while (heads.length > 0) {
    let next = 0
    for (let i = 1; i < heads.length; i++) {
      if ((heads[i] as Head).entry.position < (heads[next] as Head).entry.position) next = i
    }
    const head = heads[next] as Head
    yield head.entry
    const { value, done } = head.iterator.next()
    if (done) heads.splice(next, 1)
    else head.entry = value
  }
}

interface Head {
  entry: Entry
  readonly iterator: Iterator<Entry>
}
