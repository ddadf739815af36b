import type { ChannelSet } from '../protocol/channel-set.ts'
import { CODES, type ErrorCode } from '../protocol/codes.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type { ByeReason, ClientMessage, GapReason, TransportKind } from '../protocol/messages.ts'
import type { Batch, Room } from './batch.ts'
import type { Hub } from './hub.ts'
import { Seam, type Sink } from './seam.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** How long a peer has to take its last bytes after the stream was ended, in milliseconds. */
const CLOSE_GRACE_MS = 5_000

/** What one subscriber may have and how long it may last. */
export interface SubscriberLimits {
  /** the most channels and patterns */
  readonly maxChannels: number
  /** at the first heartbeat after about this age a stream is ended with `bye`, in milliseconds; Infinity for never */
  readonly maxAgeMs: number
}

/** The server side of one client: its channels, its cursor, its transport. */
export class Subscriber implements Sink, TransportEvents {
  readonly #hub: Hub
  readonly #transport: Transport
  readonly #limits: SubscriberLimits
  readonly #seam: Seam
  /** when the stream is to end, milliseconds since 1970 */
  readonly #end: number
  #cancelTimer: () => void = () => {}

  /**
   * @param after where it starts; may lie ahead of what this instance has seen
   * @param random from 0 to 1
   */
  constructor(
    hub: Hub,
    transport: Transport,
    channels: ChannelSet,
    after: number,
    limits: SubscriberLimits,
    random: () => number = Math.random,
  ) {
    this.#hub = hub
    this.#transport = transport
    this.#limits = limits
    this.#seam = new Seam(hub, this, channels, after)
    // A tenth off by chance: streams that were opened together, after a deploy, do not all end together.
    this.#end = hub.clock.now() + limits.maxAgeMs * (1 - random() / 10)
  }

  /** Opens the transport, says `ready`, and begins to deliver. */
  open(gap?: GapReason): void {
    const { clock } = this.#hub
    this.#transport.open(this)
    this.#transport.send({
      type: 'ready',
      cursor: this.cursor,
      transport: this.#transport.kind,
      channels: [...this.channels],
      heartbeat: this.#transport.heartbeatMs / 1000,
    })
    if (gap) this.gap(this.#seam.cursor, gap)
    this.#cancelTimer = clock.every(this.#transport.heartbeatMs, () => this.#tick())
    this.#hub.join(this, this.#seam)
    this.#seam.advance()
  }

  /** Where it stands, as clients see it: safe to resume from. */
  get cursor(): string {
    return formatCursor(this.#hub.epoch, this.#seam.cursor)
  }

  get kind(): TransportKind {
    return this.#transport.kind
  }

  get channels(): ChannelSet {
    return this.#seam.channels
  }

  /** Tells the client that the stream will be closed on purpose, and to come back `retryAfter` milliseconds from now. */
  bye(reason: ByeReason, retryAfter: number): void {
    this.#transport.send({ type: 'bye', reason, retryAfter, cursor: this.cursor })
  }

  /** Ends the stream for the reason that `code` names: nothing is delivered any more. Closing twice is as good as once. */
  close(code: ErrorCode): void {
    if (this.#seam.state === 'closed') return
    this.#leave()
    this.#cancelTimer = this.#hub.clock.after(CLOSE_GRACE_MS, () => this.#transport.abort())
    this.#transport.close(code)
  }

  get room(): Room {
    return this.#transport.room
  }

  deliver(batch: Batch): boolean {
    this.#hub.stats.delivered[this.kind] += batch.entries.length
    return this.#transport.deliver(batch)
  }

  gap(position: number, reason: GapReason): void {
    this.#hub.stats.gaps++
    this.#transport.send({ type: 'gap', cursor: formatCursor(this.#hub.epoch, position), reason })
  }

  caughtUp(): void {
    this.#transport.caughtUp()
  }

  drained(): void {
    this.#seam.drained()
  }

  received(message: ClientMessage): void {
    const { request } = message
    const answer = request === undefined ? {} : { request }
    if (message.type === 'ping') {
      this.#transport.send({ type: 'pong', ...answer })
      return
    }
    const adding = message.type === 'subscribe'
    const channels = adding ? this.channels.with(message.channels) : this.channels.without(message.channels)
    if (channels.size > this.#limits.maxChannels) {
      const code = 'too-many-channels'
      const text = `${CODES[code].title}: ${this.#limits.maxChannels}.`
      this.#transport.send({ type: 'error', code, message: text, ...answer })
      return
    }
    this.#hub.select(this.#seam, channels)
    const type = adding ? 'subscribed' : 'unsubscribed'
    this.#transport.send({ type, channels: [...channels], cursor: this.cursor, ...answer })
  }

  closed(): void {
    this.#leave()
  }

  #leave(): void {
    this.#cancelTimer()
    this.#seam.close()
    this.#hub.leave(this, this.#seam)
  }

  #tick(): void {
    if (this.#hub.clock.now() >= this.#end) {
      this.bye('max-age', 0)
      this.close('max-age')
    } else {
      this.#transport.heartbeat()
    }
  }
}
