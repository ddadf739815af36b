import type { StreamInfo } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos, type Subscription } from '@nats-io/transport-node'
import type { Bounds, LogStats, Notification } from '../log.ts'
import type { Connection, Link } from './connection.ts'
import { addConsumer, type Delivery } from './consumer.ts'
import { decode, placeOf } from './message.ts'
import { boundsOf } from './stream.ts'
import type { Subjects } from './subjects.ts'

/** Between two of the server's signs of life, and between two looks for them, in milliseconds. */
const HEARTBEAT = 1000
/** After so many looks without a sign of life the consumer is given up. */
const SILENCE = 3

/** What a tail follows, and whom it calls. */
export interface TailOptions {
  readonly stream: string
  readonly subjects: Subjects
  readonly describe: (link: Link) => Promise<StreamInfo>
  readonly after: number
  /** the log that `after` belongs to; `undefined`: the one found first */
  readonly epoch: string | undefined
  readonly onBatch: (batch: readonly Notification[]) => void
  readonly onReset: (bounds: Bounds) => void
  /** `tailRestarts` is counted up */
  readonly stats: LogStats
}

/**
 * Follows the whole stream with one ephemeral push consumer, which counts its deliveries: a hole in the count, a silence, or
 * a new link, and it is made anew from the last position on. So nothing is missed or repeated, whatever server it is on and
 * whoever leads. Every time it is made, the stream's epoch is looked at before anything is passed on.
 */
export class Tail {
  readonly #connection: Connection
  readonly #options: TailOptions
  readonly #leave: () => void
  readonly #watchdog: NodeJS.Timeout
  /** The last position passed on, or known to be gone. */
  #after: number
  #epoch: string | undefined
  /** Aborted: no consumer is there or being made. */
  #making = new AbortController()
  #subscription: Subscription | undefined
  /** The last delivery that the consumer has counted. */
  #delivery = 0
  /** Whether the consumer is known to be on the log of `#epoch`. */
  #confirmed = false
  /** What one turn of the event loop brought; bounded by the server's flow control. */
  #arrived: Delivery[] = []
  #silence = 0
  #stopped = false
  #begun = false

  constructor(connection: Connection, options: TailOptions) {
    this.#connection = connection
    this.#options = options
    this.#after = options.after
    this.#epoch = options.epoch
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT)
    this.#leave = connection.onLink((link) => this.#begin(link))
  }

  stop(): void {
    this.#stopped = true
    this.#leave()
    clearInterval(this.#watchdog)
    this.#abandon()
  }

  #watch(): void {
    this.#silence++
    const { current } = this.#connection
    if (current && (this.#silence > SILENCE || this.#making.signal.aborted)) this.#begin(current)
  }

  /** Gives up the consumer, or the making of one; the watchdog has another made. */
  #abandon(): void {
    this.#making.abort()
    this.#release()
  }

  /** Lets go of the consumer, and of what it brought but was not passed on: the next one brings it again. */
  #release(): void {
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#arrived = []
    this.#delivery = 0
    this.#confirmed = false
  }

  #begin(link: Link): void {
    this.#abandon()
    if (this.#begun) this.#options.stats.tailRestarts++
    this.#begun = true
    this.#silence = 0
    const making = new AbortController()
    this.#making = making
    this.#follow(link, making.signal).catch(() => {
      if (making === this.#making) this.#abandon()
    })
  }

  async #follow(link: Link, signal: AbortSignal): Promise<void> {
    const { stream, describe } = this.#options
    // Makes the stream when it is gone.
    await describe(link)
    await addConsumer(link, stream, this.#after + 1, () => {
      signal.throwIfAborted()
      return {
        deliver_subject: this.#listen(link),
        flow_control: true,
        idle_heartbeat: nanos(HEARTBEAT),
      }
    })
    // Once more, now that the consumer is there: were its stream another than the tail's, this one would be, too.
    const bounds = boundsOf(await describe(link))
    signal.throwIfAborted()
    this.#epoch ??= bounds.epoch
    this.#confirmed = this.#epoch === bounds.epoch
    if (this.#confirmed) {
      this.#passOn()
      // What retention took while there was no consumer, though nothing may come after it for long.
      if (!signal.aborted && bounds.first > this.#after + 1) this.#reset(bounds)
    } else {
      this.#reset(bounds)
      if (!this.#stopped) this.#begin(link)
    }
  }

  #reset(bounds: Bounds): void {
    this.#epoch = bounds.epoch
    this.#after = bounds.first - 1
    this.#options.onReset(bounds)
  }

  /** Gives the consumer that is asked for an inbox of its own: one asked for before may be there after all, and deliver. */
  #listen(link: Link): string {
    this.#release()
    this.#silence = 0
    const inbox = createInbox()
    const subscription = link.nc.subscribe(inbox, {
      callback: (error, msg) => {
        if (subscription !== this.#subscription) return
        if (error) this.#abandon()
        else this.#receive(link, msg)
      },
    })
    this.#subscription = subscription
    return inbox
  }

  #receive(link: Link, msg: Msg): void {
    this.#silence = 0
    const place = placeOf(msg.reply)
    if (!place) this.#heed(link, msg)
    else if (place.delivery !== ++this.#delivery) this.#abandon()
    else if (this.#arrived.push({ msg, place }) === 1) setImmediate(() => this.#passOn())
  }

  /** Answers flow control; gives the consumer up when the server says that there is a hole, or no consumer any more. */
  #heed({ nc }: Link, { headers, reply }: Msg): void {
    const counted = Number(headers?.get('Nats-Last-Consumer') || this.#delivery)
    if ((headers?.code ?? 0) >= 400 || counted !== this.#delivery) this.#abandon()
    const due = reply || headers?.get('Nats-Consumer-Stalled')
    if (due) nc.publish(due)
  }

  /**
   * Passes on what has arrived. The stream gives every message a position without holes, and the consumer brings all that there are:
   * a hole in the positions is what retention has taken.
   */
  #passOn(): void {
    if (!this.#confirmed || this.#epoch === undefined) return
    const { subjects } = this.#options
    const arrived = this.#arrived
    this.#arrived = []
    let batch: Notification[] = []
    for (const { msg, place } of arrived) {
      const { position, pending } = place
      // A server that lags behind begins with what it has, which may be before the start asked for.
      if (position <= this.#after) continue
      if (position > this.#after + 1) {
        this.#call(batch)
        batch = []
        if (this.#stopped) return
        this.#reset({ epoch: this.#epoch, first: position, last: position + pending })
        if (this.#stopped) return
      }
      this.#after = position
      const notification = decode(subjects, msg, place)
      if (notification) batch.push(notification)
    }
    this.#call(batch)
  }

  #call(batch: readonly Notification[]): void {
    if (batch.length > 0) this.#options.onBatch(batch)
  }
}
