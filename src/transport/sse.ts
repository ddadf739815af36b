import type { ServerResponse } from 'node:http'
import type { ControlMessage } from '../protocol/messages.ts'
import type { Batch, Room } from '../stream/batch.ts'
import type { Encoder } from '../stream/entry.ts'
import type { CloseReason, Transport, TransportEvents } from '../stream/transport.ts'

/** How a response is to be treated. */
export interface SseOptions {
  /** between two heartbeats, in milliseconds */
  readonly heartbeatMs: number
  /** go with the stream's own */
  readonly headers: Readonly<Record<string, string>>
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
}

/** 2 KiB that no one sees: proxies and browsers that hold back the first bytes let go of `ready` (contract §4.2). */
const PADDING = `:${' '.repeat(2047)}\n`

/** What EventSource waits before it comes back by itself, in milliseconds. */
const RETRY_MS = 2_000

/** A notification has no `event:`, so that EventSource gives it to `onmessage` (contract §4.2). */
const BLOCK: Encoder = {
  encode: (entry) => Buffer.from(`id: ${entry.cursor}\ndata: ${entry.json}\n\n`),
}

const ROOM: Room = { count: 512, bytes: 64 * 1024 }

/** Server-Sent Events over one HTTP response (WHATWG HTML §9.2). */
export class SseTransport implements Transport {
  readonly kind = 'sse'
  readonly answersOnce = false
  readonly comesBack = false
  readonly room = ROOM
  readonly heartbeatMs: number
  readonly #response: ServerResponse
  readonly #headers: SseOptions['headers']
  #events: TransportEvents | undefined
  #full = false
  #ending: CloseReason = 'gone'

  constructor(response: ServerResponse, { heartbeatMs, headers }: SseOptions) {
    this.#response = response
    this.#headers = headers
    this.heartbeatMs = heartbeatMs
  }

  open(events: TransportEvents): void {
    const response = this.#response
    this.#events = events
    response.on('drain', () => {
      if (!this.#full) return
      this.#full = false
      events.drained()
    })
    // Node's own time-out of the connection (`http/connections.ts`): only when the peer has taken nothing of what waits, it is over.
    response.on('timeout', () => this.#onIdle())
    response.on('close', () => events.closed(this.#ending))
    // Neither length nor chunks: the end of the connection is the end of the stream (RFC 9112 §6.3), and the bytes of a batch
    // are the same for every subscriber.
    response.removeHeader('transfer-encoding')
    response.writeHead(200, { ...this.#headers, ...HEADERS })
    response.write(`${PADDING}retry: ${RETRY_MS}\n\n`)
  }

  deliver(batch: Batch): boolean {
    const bytes = batch.bytes(BLOCK)
    this.#events?.wrote(bytes.length)
    this.#full = !this.#response.write(bytes)
    return !this.#full
  }

  send({ type, ...members }: ControlMessage): void {
    const id = 'cursor' in members ? `id: ${members.cursor}\n` : ''
    this.#response.write(`event: ${type}\n${id}data: ${JSON.stringify(members)}\n\n`)
  }

  heartbeat(): void {
    if (this.#events && !this.#full) this.send({ type: 'heartbeat', cursor: this.#events.cursor })
  }

  caughtUp(): void {}

  close(): void {
    this.#response.end()
  }

  abort(): void {
    this.#response.destroy()
  }

  #onIdle(): void {
    if (this.#response.writableLength === 0) return
    this.#ending = 'stalled'
    this.abort()
  }
}
