import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ChannelSet } from '../protocol/channel-set.ts'
import { type Cursor, parseCursor } from '../protocol/cursor.ts'
import type { Access } from '../stream/access.ts'
import type { Format } from '../stream/format.ts'
import type { Hub } from '../stream/hub.ts'
import type { Peer } from '../stream/peer.ts'
import { Subscriber, type SubscriberLimits } from '../stream/subscriber.ts'
import { type AnswerForm, headerLines, SocketExchange } from '../transport/exchange.ts'
import { LongPollTransport } from '../transport/long-poll.ts'
import type { Admission } from './admission.ts'
import { takeChunks } from './chunks.ts'
import { responseUnderWay } from './connections.ts'
import { cursorIn, type PollTemplate, templateOf } from './poll-template.ts'

/** How long what was agreed on with one poll holds for its repetitions, in milliseconds: then keys, say, are asked anew. */
const AGREED_MS = 60_000

/** A chunk that is longer is not looked at, so that a connection keeps no more than this, in bytes. */
const MAX_CHUNK = 8 * 1024

/** What repeated polls need. */
export interface RepeatedPollOptions {
  readonly hub: Hub
  readonly admission: Admission
  readonly limits: SubscriberLimits
  /** how long Node keeps a connection on which nothing is asked, in milliseconds */
  readonly keepAliveMs: number
  /** a peer that takes no byte for this long is dropped, in milliseconds */
  readonly stallMs: number
  /** whether this instance is being stopped */
  draining(): boolean
}

/** What was agreed on with a long-poll from a cursor. */
export interface AgreedPoll {
  readonly format: Format
  readonly channels: ChannelSet
  readonly access: Access
  readonly peer: Peer
  readonly waitMs: number
  readonly limit: number
  /** go with the answer's own; what says its format is among them */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Answers long-polls that are the last one on their connection again, byte for byte but for the cursor, without parsing them: most of
 * what a delivery by long-poll costs is Node's HTTP and the router (bench/NOTES.md).
 *
 * Whatever is not exactly that, or would not be answered with 200, goes to Node's HTTP, which has the last word.
 */
export class RepeatedPolls {
  readonly #options: RepeatedPollOptions
  readonly #connections = new WeakMap<Socket, PollingConnection>()

  constructor(options: RepeatedPollOptions) {
    this.#options = options
  }

  /** A long-poll from a cursor is about to be answered by Node's HTTP: the next on its connection may be the same again. */
  learn(request: IncomingMessage, response: ServerResponse, agreed: AgreedPoll): void {
    const { socket } = request
    if (!response.shouldKeepAlive || responseUnderWay(socket) !== response) return
    const known = this.#connections.get(socket)
    if (known) known.learn(request, agreed)
    else this.#connections.set(socket, new PollingConnection(socket, this.#options))
  }
}

interface Learned extends AgreedPoll {
  readonly template: PollTemplate
  /** of every answer */
  readonly form: AnswerForm
  /** until when it holds, milliseconds since 1970 */
  readonly until: number
}

/**
 * One connection on which there are long-polls.
 *
 * That a chunk is a request, and no part of one, is known in one way only: the chunk before it, which Node's parser got when nothing
 * was under way, was to the byte the text of a request without a body. So the parser is between two requests. With any other chunk
 * that it gets, what was learned is forgotten.
 */
class PollingConnection {
  readonly #socket: Socket
  readonly #options: RepeatedPollOptions
  readonly #hand: ((bytes: Buffer) => void) | undefined
  readonly #answered = (): void => this.#end()
  /** what was handed over last, until it is known what it was */
  #handed: Buffer | undefined
  #learned: Learned | undefined
  /** of the poll that waits */
  #exchange: SocketExchange | undefined
  #cursor = ''

  constructor(socket: Socket, options: RepeatedPollOptions) {
    this.#socket = socket
    this.#options = options
    this.#hand = takeChunks(socket, (chunk) => this.#take(chunk))
    if (this.#hand) socket.on('close', () => this.#abandon())
  }

  learn(request: IncomingMessage, agreed: AgreedPoll): void {
    const handed = this.#handed
    this.#handed = undefined
    const template = handed && templateOf(request)
    if (!template || cursorIn(template, handed) !== template.cursor) return
    const { hub, keepAliveMs } = this.#options
    this.#learned = {
      ...agreed,
      template,
      form: { headers: headerLines(agreed.headers), keepAlive: Math.floor(keepAliveMs / 1000) },
      until: Math.min(agreed.access.expires, hub.clock.now() + AGREED_MS),
    }
  }

  #take(chunk: Buffer): void {
    const learned = this.#learned
    if (learned && this.#exchange) {
      // What comes behind a poll that waits makes it one of Node's again, as if both had come at once.
      const { before, after } = learned.template
      const poll = Buffer.from(`${before}${this.#cursor}${after}`, 'latin1')
      this.#abandon()
      this.#give(Buffer.concat([poll, chunk]))
    } else if (!learned || !this.#repeat(learned, chunk)) this.#give(chunk)
  }

  #give(bytes: Buffer): void {
    const isFirst = responseUnderWay(this.#socket) === undefined
    this.#handed = isFirst && bytes.length <= MAX_CHUNK ? bytes : undefined
    this.#learned = undefined
    this.#hand?.(bytes)
  }

  /** Says whether the poll would be answered with 200, without a look into the log, and nothing is in its way. */
  #mayRepeat({ access, peer, waitMs, until }: Learned, { epoch, position }: Cursor): boolean {
    const { hub, admission, draining } = this.#options
    const { writableLength, timeout = 0 } = this.#socket
    return (
      responseUnderWay(this.#socket) === undefined &&
      writableLength === 0 &&
      // Node's time for a connection without a request goes on while the poll waits.
      waitMs < timeout &&
      !draining() &&
      hub.clock.now() < until &&
      !access.isRevoked() &&
      epoch === hub.epoch &&
      position <= hub.window.head &&
      hub.window.covers(position) &&
      admission.hasRoom(peer)
    )
  }

  /** Begins the poll again from the cursor in `chunk`; returns false, and has done nothing, where that is Node's to answer. */
  #repeat(learned: Learned, chunk: Buffer): boolean {
    const text = cursorIn(learned.template, chunk)
    const cursor = text === undefined ? undefined : parseCursor(text)
    if (text === undefined || !cursor || !this.#mayRepeat(learned, cursor)) return false
    const { hub, admission, limits } = this.#options
    const { format, channels, access, peer, waitMs, limit, form } = learned
    admission.admit(peer)
    hub.stats.resumeDistance['long-poll'].observe(hub.window.head - cursor.position)
    this.#exchange = new SocketExchange(this.#socket, form, this.#answered)
    this.#cursor = text
    const transport = new LongPollTransport(this.#exchange, { format, waitMs, limit, ready: false })
    new Subscriber(hub, transport, { channels, access, after: cursor.position }, limits).open()
    return true
  }

  /** The poll that waits, if any, is not answered here. */
  #abandon(): void {
    const exchange = this.#exchange
    this.#end()
    exchange?.abandon()
  }

  #end(): void {
    if (!this.#exchange || !this.#learned) return
    this.#exchange = undefined
    this.#options.admission.leave(this.#learned.peer)
    // Node looks after a peer that doesn't take what Node's HTTP has written, but gives it longer when it has written nothing.
    if (this.#socket.writableLength > 0) this.#socket.setTimeout(this.#options.stallMs)
  }
}
