import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { CODES, type Code, type ErrorCode } from '../protocol/codes.ts'
import type { ClientMessage, ControlMessage } from '../protocol/messages.ts'
import type { Batch, Room } from '../stream/batch.ts'
import type { Format } from '../stream/format.ts'
import type { Peer } from '../stream/peer.ts'
import type { CloseReason, Transport, TransportEvents } from '../stream/transport.ts'
import type { Framing, WriteBatch } from './websocket-batch.ts'
import { Conduct, type ConductLimits } from './websocket-conduct.ts'
import { listen, type SocketListener } from './websocket-events.ts'
import { decodeClientMessage, type Refusal } from './websocket-messages.ts'

/** How a socket is to be treated. */
export interface WebSocketOptions extends ConductLimits {
  /** between two pings, in milliseconds */
  readonly heartbeatMs: number
  /** the largest message that a client may send, in bytes */
  readonly maxFrameBytes: number
  /** a peer that takes no byte for this long is dropped, in milliseconds */
  readonly stallMs: number
  /** is called when there were too many, and the socket is closed for it */
  readonly rejected: (what: 'frames' | 'subscribes') => void
  /** in the format that was agreed on */
  readonly framing: Framing
  readonly write: WriteBatch
}

/** Bytes that go with `ready`, as before it on SSE: a way that swallows frames above some size must not look open. */
const PADDING = 2048

/** So many pings may go unanswered (contract §4.4). */
const MAX_UNANSWERED_PINGS = 2

/**
 * So many bytes may wait for a peer that sends something. Beyond it the peer asks but does not take its answers, which would pile up
 * here without end: it is dropped.
 */
const MAX_UNTAKEN_BYTES = 1024 * 1024

const ROOM: Room = { count: 512, bytes: 64 * 1024 }

/** WebSocket (RFC 6455), one message a frame (contract §4.4). */
export class WebSocketTransport implements Transport, SocketListener {
  readonly kind = 'websocket'
  readonly answersOnce = false
  readonly comesBack = false
  readonly room = ROOM
  readonly heartbeatMs: number
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #peer: Peer
  readonly #options: WebSocketOptions
  /** made for those who say something */
  #conduct: Conduct | undefined
  #events: TransportEvents | undefined
  #full = false
  #unanswered = 0
  #ending: CloseReason = 'gone'

  /** @param socket what `ws` writes to */
  constructor(ws: WebSocket, socket: Socket, peer: Peer, options: WebSocketOptions) {
    this.#ws = ws
    this.#socket = socket
    this.#peer = peer
    this.#options = options
    this.heartbeatMs = options.heartbeatMs
  }

  open(events: TransportEvents): void {
    this.#events = events
    listen(this.#ws, this.#socket, this)
    // Node looks whether the peer has taken something of a write that is under way: only without that the time is over.
    this.#socket.setTimeout(this.#options.stallMs)
  }

  deliver(batch: Batch): boolean {
    // Once a close frame has been sent no other may follow (RFC 6455 §5.5.1).
    if (this.#ws.readyState !== this.#ws.OPEN) return false
    const { framing, write } = this.#options
    this.#events?.wrote(batch.bytes(framing).length)
    this.#full = !write(this.#ws, this.#socket, batch, framing)
    return !this.#full
  }

  send(message: ControlMessage): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#ws.send(this.#format.message(message, message.type === 'ready' ? PADDING : 0))
  }

  heartbeat(): void {
    if (this.#unanswered >= MAX_UNANSWERED_PINGS) {
      this.close('heartbeat-unanswered')
      this.abort()
      return
    }
    this.#unanswered++
    this.#ws.ping()
    if (this.#events && !this.#full) this.send({ type: 'heartbeat', cursor: this.#events.cursor })
  }

  caughtUp(): void {}

  close(code: ErrorCode): void {
    const entry: Code = CODES[code]
    this.#ending = code
    this.#ws.close(entry.close ?? CODES.internal.close, code)
  }

  abort(): void {
    this.#ws.terminate()
  }

  onDrain(): void {
    if (!this.#full) return
    this.#full = false
    this.#events?.drained()
  }

  onIdle(): void {
    if (this.#socket.writableLength === 0) return
    this.#ending = 'stalled'
    this.abort()
  }

  onPing(): void {
    this.#count()
  }

  onPong(): void {
    if (this.#unanswered === 0) this.#count()
    this.#unanswered = 0
  }

  onClose(): void {
    this.#events?.closed(this.#ending)
  }

  get #format(): Format {
    return this.#options.framing.format
  }

  get #itsConduct(): Conduct {
    this.#conduct ??= new Conduct(this.#options, this.#peer)
    return this.#conduct
  }

  /** A frame has come that was not asked for. Its client is let go when it takes no answers, or there were too many. */
  #count(): void {
    if (this.#socket.writableLength > MAX_UNTAKEN_BYTES) this.abort()
    else this.#demand('frames', this.#itsConduct.frame())
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    this.#count()
    if (this.#ws.readyState !== this.#ws.OPEN) return
    const { maxFrameBytes } = this.#options
    if (data.length > maxFrameBytes) {
      this.#refuse({ code: 'frame-too-large', message: `At most ${maxFrameBytes} bytes.` })
      this.close('frame-too-large')
    } else if (isBinary !== (this.#format.frameType === 'binary')) {
      const { subprotocol, frameType } = this.#format
      this.#refuse({ code: 'bad-message', message: `${subprotocol} has ${frameType} frames only.` })
    } else {
      const decoded = decodeClientMessage(this.#format, data)
      if (!('message' in decoded)) this.#refuse(decoded.refusal)
      else this.#take(decoded.message)
    }
  }

  #take(message: ClientMessage): void {
    if (message.type !== 'ping') this.#demand('subscribes', this.#itsConduct.subscribe())
    if (this.#ws.readyState === this.#ws.OPEN) this.#events?.received(message)
  }

  /** @param exceeded the limit that is; `undefined` for none */
  #demand(what: 'frames' | 'subscribes', exceeded: string | undefined): void {
    // Frames go on coming until the client has heard of the close.
    if (exceeded === undefined || this.#ws.readyState !== this.#ws.OPEN) return
    this.#options.rejected(what)
    const code = 'too-many-requests'
    this.send({ type: 'error', code, message: `Too many ${what}: at most ${exceeded}.` })
    this.close(code)
  }

  #refuse(refusal: Refusal): void {
    this.send({ type: 'error', ...refusal })
    if (!this.#itsConduct.bad()) this.close('too-many-bad-messages')
  }
}
