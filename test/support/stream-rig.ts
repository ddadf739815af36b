import {
  type Appended,
  type Bounds,
  type Draft,
  type Log,
  LogUnavailable,
  type Notification,
  type Page,
  startLogStats,
} from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { NO_PEERS } from '../../src/log/peers.ts'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { parseCursor } from '../../src/protocol/cursor.ts'
import type { ControlMessage } from '../../src/protocol/messages.ts'
import type { Access } from '../../src/stream/access.ts'
import type { Batch } from '../../src/stream/batch.ts'
import { Hub } from '../../src/stream/hub.ts'
import { Subscriber } from '../../src/stream/subscriber.ts'
import type { Transport, TransportEvents } from '../../src/stream/transport.ts'
import { logOptions } from '../contract/log/harness.ts'
import { ManualClock } from './manual-clock.ts'

/** A log in which nothing happens by itself: the tail brings, and a read arrives, when the test says so. */
export class ScriptedLog implements Log {
  readonly stats = startLogStats()
  readonly peers = NO_PEERS
  readonly schedule = openMemoryLog(logOptions()).schedule
  readonly #now: () => number
  readonly notifications: Notification[] = []
  first = 1
  epoch = 'rig0'
  #onBatch: ((batch: readonly Notification[]) => void) | undefined
  #onReset: ((bounds: Bounds) => void) | undefined
  #tailed = 0
  readonly #reads: ((outcome: 'page' | 'failure') => void)[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  get last(): number {
    return this.notifications.length
  }

  get reads(): number {
    return this.#reads.length
  }

  add(channel: string, expires?: number): void {
    const position = this.last + 1
    this.notifications.push({
      position,
      channel,
      id: `n${position}`,
      time: this.#now(),
      data: '1',
      ...(expires === undefined ? {} : { expires }),
    })
  }

  /** The tail brings everything that it has not brought yet, in one batch. */
  bring(): void {
    if (this.#tailed < this.first - 1) {
      this.#tailed = this.first - 1
      this.#onReset?.(this.#bounds())
    }
    const batch = this.notifications.slice(this.#tailed)
    this.#tailed = this.last
    if (batch.length > 0) this.#onBatch?.(batch)
  }

  /** The oldest read arrives. */
  arrive(outcome: 'page' | 'failure' = 'page'): void {
    this.#reads.shift()?.(outcome)
  }

  /** Retention takes all but the newest `count`. */
  retain(count: number): void {
    this.first = Math.max(this.first, this.last - count + 1)
  }

  /** It is deleted and made anew. */
  recreate(): void {
    this.epoch = `rig${Number(this.epoch.slice(3)) + 1}`
    this.notifications.length = 0
    this.first = 1
    this.#tailed = 0
    this.#onReset?.(this.#bounds())
  }

  tail(
    after: number,
    onBatch: (batch: readonly Notification[]) => void,
    onReset: (bounds: Bounds) => void,
  ): () => void {
    this.#tailed = after
    this.#onBatch = onBatch
    this.#onReset = onReset
    return () => {
      this.#onBatch = undefined
      this.#onReset = undefined
    }
  }

  #bounds(): Bounds {
    return { epoch: this.epoch, first: this.first, last: this.last }
  }

  /** What it finds is found at once, but arrives later: a thenable, so that it arrives within `arrive`. */
  read(channels: ChannelSet, after: number, limit: number): Promise<Page> {
    const start = Math.max(after, this.first - 1)
    // A driver may look through less than there is: two places more than asked for.
    const looked = this.notifications.slice(start, start + limit + 2)
    const wanted = looked.filter(
      ({ channel, expires = Number.POSITIVE_INFINITY }) => channels.has(channel) && this.#now() < expires,
    )
    const cut = wanted.length > limit
    const notifications = wanted.slice(0, limit)
    const through = (cut ? notifications.at(-1)?.position : looked.at(-1)?.position) ?? start
    const page: Page = { notifications, through, gap: after < this.first - 1 }
    const later = {
      // biome-ignore lint/suspicious/noThenProperty: the point of it
      then: (arrived: (page: Page) => void, failed: (error: unknown) => void) => {
        this.#reads.push((outcome) =>
          outcome === 'page' ? arrived(page) : failed(new LogUnavailable('scripted')),
        )
      },
    }
    return later as unknown as Promise<Page>
  }

  async append(drafts: readonly Draft[]): Promise<Appended[]> {
    return drafts.map(({ channel }) => {
      this.add(channel)
      return { position: this.last, duplicate: false }
    })
  }

  async newest(): Promise<number> {
    return this.last
  }

  async bounds(): Promise<Bounds> {
    return this.#bounds()
  }

  async close(): Promise<void> {}
}

/** A transport that takes notifications until it is told to be full, and checks each against the guarantees as it comes. */
export class CheckedTransport implements Transport {
  readonly kind = 'websocket'
  readonly answersOnce = false
  readonly comesBack = false
  readonly room: { count: number; bytes: number }
  readonly heartbeatMs = 15_000
  readonly #log: ScriptedLog
  readonly #clock: ManualClock
  #channels: ChannelSet
  /** everything up to here has been delivered, was not wanted, or is said to be gone */
  #position: number
  #events: TransportEvents | undefined
  full = false
  readonly delivered: number[] = []
  gaps = 0

  constructor(log: ScriptedLog, clock: ManualClock, channels: ChannelSet, after: number, count: number) {
    this.#log = log
    this.#clock = clock
    this.#channels = channels
    this.#position = after
    this.room = { count, bytes: 1_000 }
  }

  get events(): TransportEvents {
    if (!this.#events) throw new Error('not opened')
    return this.#events
  }

  /** Where the subscriber says it stands. */
  get cursor(): number {
    return parseCursor(this.events.cursor)?.position ?? Number.NaN
  }

  open(events: TransportEvents): void {
    this.#events = events
  }

  deliver({ entries }: Batch): boolean {
    if (this.full) throw new Error('written to while full')
    if (entries.length === 0) throw new Error('an empty batch')
    if (entries.length > this.room.count) throw new Error(`${entries.length} at once`)
    for (const { position, notification } of entries) {
      if (notification.expires !== undefined && notification.expires <= this.#clock.now()) {
        throw new Error(`${position} has expired`)
      }
      const due = this.#next()
      if (position !== due) throw new Error(`got ${position} when ${due} was due`)
      this.#position = position
      this.delivered.push(position)
    }
    this.full = this.fillsUp
    return !this.full
  }

  /** whether the next batch fills it */
  fillsUp = false

  send(message: ControlMessage): void {
    if (message.type === 'gap') {
      const position = parseCursor(message.cursor)?.position ?? Number.NaN
      const isOtherLog = message.reason === 'epoch'
      if (!isOtherLog && this.#position >= this.#log.first - 1) throw new Error('a gap where nothing is gone')
      this.gaps++
      // What is still kept must not hide in the gap.
      const hidden = this.#log.notifications
        .slice(this.#log.first - 1, position)
        .find(
          ({ channel, expires = Number.POSITIVE_INFINITY }) =>
            this.#wants(channel) && this.#clock.now() < expires,
        )
      if (hidden) throw new Error(`${hidden.position} hides in a gap`)
      this.#position = position
    }
    if (message.type === 'subscribed' || message.type === 'unsubscribed') {
      this.check()
      this.#position = Math.max(this.#position, parseCursor(message.cursor)?.position ?? Number.NaN)
      this.#channels = new ChannelSet(message.channels)
    }
  }

  /** The cursor promises nothing that has not been delivered, and forgets nothing that has. */
  check(): void {
    const due = this.#next()
    if (due !== undefined && due <= this.cursor) throw new Error(`the cursor ${this.cursor} skips ${due}`)
    if (this.cursor < this.#position) throw new Error(`the cursor ${this.cursor} repeats ${this.#position}`)
  }

  /** Nothing is left to be delivered. */
  checkComplete(): void {
    this.check()
    const due = this.#next()
    if (due !== undefined) throw new Error(`${due} has not come`)
    if (this.cursor !== this.#log.last) throw new Error(`at rest at ${this.cursor}, not ${this.#log.last}`)
  }

  get channels(): ChannelSet {
    return this.#channels
  }

  drain(): void {
    if (!this.full) return
    this.full = false
    this.events.drained()
  }

  heartbeat(): void {}
  caughtUp(): void {}
  close(): void {
    this.#events?.closed('gone')
  }
  abort(): void {
    this.close()
  }

  /** The position that must come next. */
  #next(): number | undefined {
    return this.#log.notifications.find(
      ({ position, channel, expires = Number.POSITIVE_INFINITY }) =>
        position > this.#position && this.#wants(channel) && this.#clock.now() < expires,
    )?.position
  }

  #wants(channel: string): boolean {
    return this.#channels.has(channel)
  }
}

/** Everything, for ever. */
export const ALL_ACCESS: Access = {
  expires: Number.POSITIVE_INFINITY,
  isRevoked: () => false,
  maySubscribe: () => true,
  renew: async () => ALL_ACCESS,
}

/** One instance's stream core over a scripted log, with as many subscribers as wanted. */
export class StreamRig {
  readonly clock = new ManualClock()
  readonly log = new ScriptedLog(this.clock.now)
  readonly hub: Hub

  /** @param windowEntries about how many notifications the window holds */
  constructor(windowEntries: number) {
    // The weight of an entry as the rig makes them: 512 + 4 × (channel + id + data), channels of one or three characters.
    this.hub = new Hub({ log: this.log, clock: this.clock, windowBytes: windowEntries * 545 })
    this.hub.follow({ epoch: this.log.epoch, first: 1, last: 0 })
  }

  subscribe(channels: readonly string[], after: number, room = 4): CheckedTransport {
    const set = new ChannelSet(channels)
    const transport = new CheckedTransport(this.log, this.clock, set, after, room)
    const limits = { maxChannels: 100, maxAgeMs: Number.POSITIVE_INFINITY }
    new Subscriber(this.hub, transport, { channels: set, after, access: ALL_ACCESS }, limits).open()
    return transport
  }

  /** Lets everything happen that is under way, until all subscribers have come to rest. */
  settle(transports: readonly CheckedTransport[]): void {
    for (const transport of transports) transport.fillsUp = false
    for (let quiet = 0, rounds = 0; quiet < 2; rounds++) {
      if (rounds > 1_000) throw new Error('they do not come to rest')
      const busy = this.log.reads > 0 || this.clock.deferred > 0 || transports.some(({ full }) => full)
      quiet = busy ? 0 : quiet + 1
      this.log.bring()
      while (this.log.reads > 0) this.log.arrive()
      for (const transport of transports) transport.drain()
      this.clock.turn()
      // Long enough for a read that is tried again.
      this.clock.pass(500)
    }
  }
}
