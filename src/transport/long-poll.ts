import type { ByeMessage, ControlMessage, GapMessage, ReadyMessage } from '../protocol/messages.ts'
import type { Batch, Room } from '../stream/batch.ts'
import type { Answer, Format } from '../stream/format.ts'
import type { CloseReason, Transport, TransportEvents } from '../stream/transport.ts'
import type { Body, Exchange } from './exchange.ts'

/** How a client wants its answer. */
export interface LongPollOptions {
  readonly format: Format
  /** the longest to wait for a notification, in milliseconds; 0 answers with what is there */
  readonly waitMs: number
  /** the most notifications in the answer */
  readonly limit: number
  /** the client has no cursor yet: say `ready`, and answer with what is there */
  readonly ready: boolean
}

/** The most data in one answer, in characters; a single notification may exceed it. */
const ANSWER_BYTES = 1024 * 1024

/** How long an answer that is not to wait may take to be found in the log, in milliseconds. */
const SEARCH_MS = 5_000

/** One HTTP answer with what there is after the cursor, held back for a while when there is nothing (contract §4.3). */
export class LongPollTransport implements Transport {
  readonly kind = 'long-poll'
  readonly answersOnce = true
  readonly comesBack: boolean
  readonly room: Room
  /** the answer's deadline: an answer without notifications is this transport's heartbeat */
  readonly heartbeatMs: number
  readonly #exchange: Exchange
  readonly #options: LongPollOptions
  #events: TransportEvents | undefined
  #ready: ReadyMessage | undefined
  #gap: GapMessage | undefined

  constructor(exchange: Exchange, options: LongPollOptions) {
    this.#exchange = exchange
    this.#options = options
    this.room = { count: options.limit, bytes: ANSWER_BYTES }
    // Without a wait it is the history that is asked for.
    this.comesBack = options.waitMs > 0
    this.heartbeatMs = options.waitMs || SEARCH_MS
  }

  open(events: TransportEvents): void {
    this.#events = events
    this.#exchange.open(() => this.#end('gone'))
  }

  deliver(batch: Batch): boolean {
    this.#answer(batch)
    return false
  }

  send(message: ControlMessage): void {
    if (message.type === 'ready') this.#ready = message
    else if (message.type === 'gap') this.#gap = message
    else if (message.type === 'bye') this.#answer(undefined, message)
  }

  heartbeat(): void {
    this.#answer()
  }

  caughtUp(): void {
    if (this.#options.waitMs === 0 || this.#options.ready || this.#gap) this.#answer()
  }

  close(): void {
    this.#answer()
  }

  abort(): void {
    if (this.#events) this.#exchange.destroy()
  }

  #answer(batch?: Batch, bye?: ByeMessage): void {
    if (!this.#events) return
    const { format, ready } = this.#options
    const { cursor } = this.#events
    const members = { ready: ready ? this.#ready : undefined, gap: this.#gap, bye }
    const body = bodyOf(format, batch, cursor, members)
    if (batch) this.#events.wrote(body.bytes)
    this.#exchange.answer(body)
    this.#end('answered')
  }

  /** The subscriber has done its work once the answer is given; Node sends the bytes on. */
  #end(reason: CloseReason): void {
    const events = this.#events
    this.#events = undefined
    events?.closed(reason)
  }
}

/** What was made last, a few MiB at most: those who wait for the same get the same, one after another. */
let last:
  | (Body & { readonly format: Format; readonly batch: Batch | undefined; readonly cursor: string })
  | undefined

function bodyOf(
  format: Format,
  batch: Batch | undefined,
  cursor: string,
  members: Pick<Answer, 'ready' | 'gap' | 'bye'>,
): Body {
  // What few get is made for each.
  const isPlain = !members.ready && !members.gap && !members.bye
  if (isPlain && last?.batch === batch && last?.cursor === cursor && last.format === format) return last
  const payload = format.answer({ entries: batch?.entries ?? [], cursor, ...members })
  const body = { format, batch, cursor, payload, bytes: Buffer.byteLength(payload) }
  if (isPlain) last = body
  return body
}
