import type { Bounds, Log, Notification } from '../log/log.ts'
import { Batch } from './batch.ts'
import type { Clock } from './clock.ts'
import { Entry } from './entry.ts'
import type { Seam, Source } from './seam.ts'
import type { Subscriber } from './subscriber.ts'
import { Subscriptions } from './subscriptions.ts'
import { Window } from './window.ts'

/** What a hub needs. */
export interface HubOptions {
  readonly log: Log
  readonly clock: Clock
  /** bound of the window, in bytes (see `Window`) */
  readonly windowBytes: number
}

/**
 * Follows the log's tail for all subscribers of this instance: takes what one turn of the event loop brings, puts it into the
 * window, finds whom it concerns, and lets each of them write at most once.
 */
export class Hub implements Source {
  readonly log: Log
  readonly clock: Clock
  readonly #windowBytes: number
  readonly #subscriptions = new Subscriptions<Seam>()
  readonly #subscribers = new Map<Subscriber, Seam>()
  readonly #ahead = new Set<Seam>()
  readonly #stop: () => void
  #epoch: string
  #window: Window

  /** @param bounds of the log, as they are now: it is followed from its end */
  constructor({ log, clock, windowBytes }: HubOptions, { epoch, last }: Bounds) {
    this.log = log
    this.clock = clock
    this.#windowBytes = windowBytes
    this.#epoch = epoch
    this.#window = new Window(windowBytes, last)
    this.#stop = log.tail(
      last,
      (batch) => this.#receive(batch),
      (bounds) => this.#reset(bounds),
    )
  }

  /**
   * Starts to follow the log from its end.
   * @throws LogUnavailable when the log can't be reached
   */
  static async open(options: HubOptions): Promise<Hub> {
    return new Hub(options, await options.log.bounds())
  }

  /** Which log it follows. */
  get epoch(): string {
    return this.#epoch
  }

  get window(): Window {
    return this.#window
  }

  /** All subscribers that are open now. */
  get subscribers(): readonly Subscriber[] {
    return [...this.#subscribers.keys()]
  }

  /** A subscriber comes: from the next turn on its seam is told what is found for it. */
  join(subscriber: Subscriber, seam: Seam): void {
    this.#subscribers.set(subscriber, seam)
    this.#subscriptions.add(seam, seam.channels)
  }

  /** A subscriber goes. */
  leave(subscriber: Subscriber, seam: Seam): void {
    this.#subscribers.delete(subscriber)
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

  /** Stops following the log. */
  close(): void {
    this.#stop()
  }

  /** The tail goes on elsewhere: the window is of no use any more, and every subscriber must find its own way there. */
  #reset({ epoch, first }: Bounds): void {
    const before = this.#window.head
    const isOtherLog = epoch !== this.#epoch
    this.#epoch = epoch
    this.#window = new Window(this.#windowBytes, first - 1)
    for (const seam of this.#subscribers.values()) {
      if (isOtherLog) seam.restart(first - 1)
      else seam.fallBack(before)
    }
  }

  #receive(notifications: readonly Notification[]): void {
    const before = this.#window.head
    const entries = notifications.map((notification) => new Entry(this.epoch, notification))
    this.#window.append(entries)
    const concerned: Seam[] = []
    const now = this.clock.now()
    for (const [channel, run] of byChannel(entries.filter((entry) => entry.isCurrent(now)))) {
      const batch = new Batch(run, this.#window.head)
      this.#subscriptions.visit(channel, (seam) => {
        if (seam.find(batch)) concerned.push(seam)
      })
    }
    for (const seam of concerned) seam.flush(before)
    if (this.#ahead.size === 0) return
    const ahead = [...this.#ahead]
    this.#ahead.clear()
    for (const seam of ahead) seam.advance()
  }
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
