import { type Bounds, type Log, LogUnavailable, type Notification } from '../log/log.ts'
import { Batch } from './batch.ts'
import type { Clock } from './clock.ts'
import { Entry } from './entry.ts'
import { Lingering } from './lingering.ts'
import type { Seam, Source } from './seam.ts'
import { type ByTransport, startStats, tally } from './stats.ts'
import type { Subscriber } from './subscriber.ts'
import { Subscriptions } from './subscriptions.ts'
import type { CloseReason } from './transport.ts'
import { Window } from './window.ts'

/** Between two attempts to reach a log that has not been reached yet, in milliseconds. */
const RETRY_MS = 500

const TRANSPORTS = ['websocket', 'sse', 'long-poll'] as const

/** What a hub needs. */
export interface HubOptions {
  readonly log: Log
  readonly clock: Clock
  /** bound of the window, in bytes (see `Window`) */
  readonly windowBytes: number
  /** looks on at deliveries; default: nobody does */
  readonly watchDelivery?: WatchDelivery
}

/**
 * Is told when what one turn of the event loop brought is about to be delivered, and to how many subscribers.
 * @returns is called when it has been, if anything
 */
export type WatchDelivery = (
  notifications: readonly Notification[],
  subscribers: number,
) => (() => void) | undefined

/**
 * Follows the log's tail for all subscribers of this instance: takes what one turn of the event loop brings, puts it into the
 * window, finds whom it concerns, and lets each of them write at most once.
 */
export class Hub implements Source {
  readonly log: Log
  readonly clock: Clock
  readonly stats = startStats()
  /** long-poll clients between two polls */
  readonly lingering = new Lingering()
  readonly #windowBytes: number
  readonly #watchDelivery: WatchDelivery | undefined
  readonly #subscriptions = new Subscriptions<Seam>()
  readonly #subscribers = new Map<Subscriber, Seam>()
  readonly #followers = new Set<Seam>()
  readonly #ahead = new Set<Seam>()
  #stop: () => void = () => {}
  #epoch: string | undefined
  #window: Window | undefined

  constructor({ log, clock, windowBytes, watchDelivery }: HubOptions) {
    this.log = log
    this.clock = clock
    this.#windowBytes = windowBytes
    this.#watchDelivery = watchDelivery
  }

  /** Follows the log from its end; while it can't be reached, goes on trying after this has returned. */
  async open(): Promise<void> {
    try {
      this.follow(await this.log.bounds())
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error
      // It is awaited by nobody: what it throws but LogUnavailable, it throws at the first attempt.
      this.#stop = this.clock.after(RETRY_MS, () => void this.open())
    }
  }

  /** Follows the log from the end that `bounds` give. */
  follow({ epoch, last }: Bounds): void {
    this.#epoch = epoch
    this.#window = new Window(this.#windowBytes, last)
    this.#stop = this.log.tail(
      last,
      (batch) => this.#receive(batch),
      (bounds) => this.#reset(bounds),
    )
    for (const seam of this.#followers) seam.advance()
  }

  /**
   * Which log it follows.
   * @throws LogUnavailable as long as that has not been reached
   */
  get epoch(): string {
    return this.#epoch ?? notReached()
  }

  /** @throws LogUnavailable as long as the log has not been reached */
  get window(): Window {
    return this.#window ?? notReached()
  }

  /** All subscribers that are open now. */
  get subscribers(): readonly Subscriber[] {
    return [...this.#subscribers.keys()]
  }

  /** How many subscribers would be told of a notification on `channel`. */
  count(channel: string): number {
    return this.#subscriptions.count(channel)
  }

  /** The channels that somebody has subscribed to by name, the service's own among them. */
  names(): Iterable<string> {
    return this.#subscriptions.names()
  }

  /** A subscriber comes: from the next turn on its seam is told what is found for it. */
  join(subscriber: Subscriber, seam: Seam): void {
    this.#subscribers.set(subscriber, seam)
    this.stats.connections[subscriber.kind]++
    this.stats.opened[subscriber.kind]++
    this.#subscriptions.add(seam, seam.channels)
  }

  /** A subscriber goes; that it is told twice is as good as once. */
  leave(subscriber: Subscriber, seam: Seam, reason: CloseReason): void {
    if (this.#subscribers.delete(subscriber)) {
      this.stats.connections[subscriber.kind]--
      tally(this.stats.closed[subscriber.kind], reason)
    }
    this.#subscriptions.remove(seam, seam.channels)
    this.#ahead.delete(seam)
  }

  /**
   * This instance itself follows some channels: as a subscriber that is no client's, so that it counts nowhere. Its seam begins as soon
   * as the log has been reached.
   */
  attach(seam: Seam): void {
    this.#followers.add(seam)
    this.#subscriptions.add(seam, seam.channels)
    if (this.#window) seam.advance()
  }

  /** It follows them no more. */
  detach(seam: Seam): void {
    this.#followers.delete(seam)
    this.#subscriptions.remove(seam, seam.channels)
    this.#ahead.delete(seam)
  }

  /** Has `select` called on the seam, and its subscriptions changed with it. */
  select(seam: Seam, channels: Seam['channels']): void {
    this.#subscriptions.remove(seam, seam.channels)
    seam.select(channels)
    this.#subscriptions.add(seam, channels)
  }

  awaitHead(seam: Seam): void {
    this.#ahead.add(seam)
  }

  /** Stops following the log, or trying to. */
  close(): void {
    this.#stop()
  }

  /** The tail goes on elsewhere: the window is of no use any more, and every subscriber must find its own way there. */
  #reset({ epoch, first }: Bounds): void {
    const before = this.window.head
    const isOtherLog = epoch !== this.#epoch
    this.stats.tailResets[isOtherLog ? 'epoch' : 'retention']++
    this.#epoch = epoch
    this.#window = new Window(this.#windowBytes, first - 1)
    for (const seam of [...this.#followers, ...this.#subscribers.values()]) {
      if (isOtherLog) seam.restart(first - 1)
      else seam.fallBack(before)
    }
  }

  #receive(notifications: readonly Notification[]): void {
    const before = this.window.head
    const entries = notifications.map((notification) => new Entry(this.epoch, notification))
    this.window.append(entries)
    const concerned: Seam[] = []
    const now = this.clock.now()
    for (const [channel, run] of byChannel(entries.filter((entry) => entry.isCurrent(now)))) {
      const batch = new Batch(run, this.window.head)
      this.#subscriptions.visit(channel, (seam) => {
        if (seam.find(batch)) concerned.push(seam)
      })
    }
    const delivered = this.#watchDelivery?.(notifications, concerned.length)
    const counts = { ...this.stats.delivered }
    for (const seam of concerned) seam.flush(before)
    this.#observeLag(notifications, counts)
    delivered?.()
    if (this.#ahead.size === 0) return
    const ahead = [...this.#ahead]
    this.#ahead.clear()
    for (const seam of ahead) seam.advance()
  }

  /** @param before how much had been delivered before the turn */
  #observeLag([oldest]: readonly Notification[], before: Readonly<ByTransport>): void {
    if (!oldest) return
    const { delivered, lag } = this.stats
    // Another machine may have stored it, whose clock is ahead.
    const seconds = Math.max(0, this.clock.now() - oldest.time) / 1000
    for (const kind of TRANSPORTS) {
      const count = delivered[kind] - before[kind]
      if (count > 0) lag[kind].observe(seconds, count)
    }
  }
}

function notReached(): never {
  throw new LogUnavailable('the log has not been reached yet')
}

function byChannel(entries: readonly Entry[]): Map<string, Entry[]> {
  const runs = new Map<string, Entry[]>()
  for (const entry of entries) {
    const { channel } = entry.notification
    const run = runs.get(channel)
    if (run) run.push(entry)
    else runs.set(channel, [entry])
  }
  return runs
}
