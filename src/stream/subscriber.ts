import type { ChannelSet } from '../protocol/channel-set.ts'
import { CODES, type ErrorCode } from '../protocol/codes.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type {
  ByeReason,
  ClientMessage,
  ControlMessage,
  GapReason,
  TransportKind,
} from '../protocol/messages.ts'
import type { Access } from './access.ts'
import type { Batch, Room } from './batch.ts'
import { Conversation, type Conversed } from './conversation.ts'
import type { Hub } from './hub.ts'
import { Seam, type Sink } from './seam.ts'
import type { CloseReason, Transport, TransportEvents } from './transport.ts'

/** How long a peer has to take its last bytes after the stream was ended, in milliseconds. */
const CLOSE_GRACE_MS = 5_000

/** What one subscriber may have and how long it may last. */
export interface SubscriberLimits {
  /** the most channels and patterns */
  readonly maxChannels: number
  /** at the first heartbeat after about this age a stream is ended with `bye`, in milliseconds; Infinity for never */
  readonly maxAgeMs: number
}

/** What a client has subscribed to. */
export interface Subscription {
  readonly channels: ChannelSet
  /** where it starts; may lie ahead of what this instance has seen */
  readonly after: number
  readonly access: Access
}

/** How a subscriber that is open gets on. */
export type Pace = 'live' | 'catching-up' | 'blocked'

/** The server side of one client: its channels, its cursor, its transport. */
export class Subscriber implements Sink, TransportEvents, Conversed {
  readonly #hub: Hub
  readonly #transport: Transport
  readonly #limits: SubscriberLimits
  readonly #seam: Seam
  /** when the stream is to end, milliseconds since 1970 */
  readonly #end: number
  #access: Access
  /** made for a client that says something */
  #conversation: Conversation | undefined
  #cancelTimer = nothing
  #cancelExpiry = nothing

  /** @param random from 0 to 1 */
  constructor(
    hub: Hub,
    transport: Transport,
    { channels, after, access }: Subscription,
    limits: SubscriberLimits,
    random: () => number = Math.random,
  ) {
    this.#hub = hub
    this.#transport = transport
    this.#limits = limits
    this.#access = access
    this.#seam = new Seam(hub, this, channels, after)
    // A tenth off by chance: streams that were opened together, after a deploy, do not all end together.
    this.#end = hub.clock.now() + limits.maxAgeMs * (1 - random() / 10)
  }

  /** Opens the transport, says `ready`, and begins to deliver. */
  open(gap?: GapReason): void {
    const { clock } = this.#hub
    this.#transport.open(this)
    this.send({
      type: 'ready',
      cursor: this.cursor,
      transport: this.#transport.kind,
      channels: [...this.channels],
      heartbeat: this.#transport.heartbeatMs / 1000,
    })
    if (gap) this.gap(this.#seam.cursor, gap)
    this.#cancelTimer = clock.every(this.#transport.heartbeatMs, () => this.#tick())
    this.#hub.join(this, this.#seam)
    if (this.#transport.comesBack) this.#hub.lingering.came(this.channels, this.#seam.cursor)
    this.#awaitExpiry()
    // It may have been revoked since it was looked at, before there was a stream to end.
    this.review()
    if (this.#transport.answersOnce) clock.defer(() => this.#seam.advance())
    else this.#seam.advance()
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

  get maxChannels(): number {
    return this.#limits.maxChannels
  }

  /** Whether it has everything, is behind, or waits for its connection to take more; for one that is open. */
  get pace(): Pace {
    if (!this.#seam.isWritable) return 'blocked'
    return this.#seam.state === 'live' ? 'live' : 'catching-up'
  }

  get isOpen(): boolean {
    return this.#seam.state !== 'closed'
  }

  get access(): Access {
    return this.#access
  }

  set access(access: Access) {
    this.#access = access
    this.#awaitExpiry()
    this.review()
  }

  /** Ends the stream when its access has been revoked. */
  review(): void {
    if (!this.isOpen || !this.#access.isRevoked()) return
    const code = 'token-revoked'
    this.send({ type: 'error', code, message: `${CODES[code].title}.` })
    this.close(code)
  }

  select(channels: ChannelSet): void {
    this.#hub.select(this.#seam, channels)
  }

  send(message: ControlMessage): void {
    this.#transport.send(message)
  }

  /** Tells the client that the stream will be closed on purpose, and to come back `retryAfter` milliseconds from now. */
  bye(reason: ByeReason, retryAfter: number): void {
    this.send({ type: 'bye', reason, retryAfter, cursor: this.cursor })
  }

  /** Ends the stream for the reason that `code` names: nothing is delivered any more. Closing twice is as good as once. */
  close(code: ErrorCode): void {
    if (!this.isOpen) return
    this.#leave(code)
    this.#cancelTimer = this.#hub.clock.after(CLOSE_GRACE_MS, () => this.#transport.abort())
    this.#transport.close(code)
  }

  get room(): Room {
    return this.#transport.room
  }

  deliver(batch: Batch): boolean {
    const { stats } = this.#hub
    stats.delivered[this.kind] += batch.entries.length
    const takesMore = this.#transport.deliver(batch)
    // A long-poll that has been answered is over, and not full.
    if (!takesMore && this.isOpen) stats.filled[this.kind]++
    return takesMore
  }

  wrote(bytes: number): void {
    this.#hub.stats.deliveredBytes[this.kind] += bytes
  }

  gap(position: number, reason: GapReason): void {
    this.#hub.stats.gaps[reason]++
    this.send({ type: 'gap', cursor: formatCursor(this.#hub.epoch, position), reason })
  }

  caughtUp(): void {
    this.#transport.caughtUp()
  }

  drained(): void {
    this.#seam.drained()
  }

  received(message: ClientMessage): void {
    this.#conversation ??= new Conversation(this)
    this.#conversation.take(message)
  }

  closed(reason: CloseReason): void {
    this.#leave(reason)
  }

  #leave(reason: CloseReason): void {
    this.#cancelTimer()
    this.#cancelExpiry()
    this.#seam.close()
    this.#hub.leave(this, this.#seam, reason)
    if (reason !== 'answered' || !this.#transport.comesBack) return
    this.#hub.lingering.left(this.channels, this.#seam.cursor, this.#hub.clock.now())
  }

  #tick(): void {
    if (this.#hub.clock.now() >= this.#end) {
      this.bye('max-age', 0)
      this.close('max-age')
    } else {
      this.#awaitExpiry()
      this.#transport.heartbeat()
    }
  }

  /**
   * Ends the stream when its access has run out. A timer is set only for an end before the next heartbeat, which looks again: most
   * streams have none, and no timer is longer than timers can be.
   */
  #awaitExpiry(): void {
    this.#cancelExpiry()
    const { clock } = this.#hub
    const left = this.#access.expires - clock.now()
    if (left <= 0) {
      this.bye('token-expired', 0)
      this.close('token-expired')
    } else if (left <= this.#transport.heartbeatMs) {
      this.#cancelExpiry = clock.after(left, () => this.#awaitExpiry())
    }
  }
}

/** No timer is set. */
function nothing(): void {}
