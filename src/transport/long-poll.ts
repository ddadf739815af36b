import type { ServerResponse } from 'node:http'
import type { ByeMessage, ControlMessage, GapMessage, ReadyMessage } from '../protocol/messages.ts'
import type { Batch, Room } from '../stream/batch.ts'
import type { CloseReason, Transport, TransportEvents } from '../stream/transport.ts'

/** How a client wants its answer. */
export interface LongPollOptions {
  /** the longest to wait for a notification, in milliseconds; 0 answers with what is there */
  readonly waitMs: number
  /** the most notifications in the answer */
  readonly limit: number
  /** the client has no cursor yet: say `ready`, and answer with what is there */
  readonly ready: boolean
  /** go with the answer's own */
  readonly headers: Readonly<Record<string, string>>
}

/** The most data in one answer, in characters; a single notification may exceed it. */
const ANSWER_BYTES = 1024 * 1024

/** How long an answer that is not to wait may take to be found in the log, in milliseconds. */
const SEARCH_MS = 5_000

/** One HTTP answer with what there is after the cursor, held back for a while when there is nothing (contract §4.3). */
export class LongPollTransport implements Transport {
  readonly kind = 'long-poll'
  readonly room: Room
  /** the answer's deadline: an answer without notifications is this transport's heartbeat */
  readonly heartbeatMs: number
  readonly #response: ServerResponse
  readonly #options: LongPollOptions
  #events: TransportEvents | undefined
  #ready: ReadyMessage | undefined
  #gap: GapMessage | undefined

  constructor(response: ServerResponse, options: LongPollOptions) {
    this.#response = response
    this.#options = options
    this.room = { count: options.limit, bytes: ANSWER_BYTES }
    this.heartbeatMs = options.waitMs || SEARCH_MS
  }

  open(events: TransportEvents): void {
    this.#events = events
    this.#response.on('close', () => this.#end('gone'))
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
    if (this.#events) this.#response.destroy()
  }

  #answer(batch?: Batch, bye?: ByeMessage): void {
    if (!this.#events) return
    const notifications = batch ? batch.entries.map((entry) => entry.json).join() : ''
    const body = `{"notifications":[${notifications}],"cursor":"${this.#events.cursor}"${
      this.#options.ready ? member('ready', this.#ready) : ''
    }${member('gap', this.#gap)}${member('bye', bye)}}`
    const bytes = Buffer.byteLength(body)
    if (batch) this.#events.wrote(bytes)
    this.#response.writeHead(200, {
      ...this.#options.headers,
      'content-type': 'application/json; charset=utf-8',
      'content-length': bytes,
      'cache-control': 'no-store',
    })
    // As text it goes to the socket in one piece with the head.
    this.#response.end(body)
    this.#end('answered')
  }

  /** The subscriber has done its work once the answer is given; Node sends the bytes on. */
  #end(reason: CloseReason): void {
    const events = this.#events
    this.#events = undefined
    events?.closed(reason)
  }
}

function member(name: string, message: ControlMessage | undefined): string {
  if (!message) return ''
  const { type: _, ...members } = message
  return `,"${name}":${JSON.stringify(members)}`
}
