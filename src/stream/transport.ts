import type { ErrorCode } from '../protocol/codes.ts'
import type { ClientMessage, ControlMessage, TransportKind } from '../protocol/messages.ts'
import type { Batch, Room } from './batch.ts'

/**
 * One client's connection as the core sees it: what bytes a message becomes is the transport's business alone.
 *
 * A transport never queues. `deliver` and `send` always hand on what they are given, and say `false` when the connection
 * should be given no more notifications until `drained` is called. After `closed` was called nothing may be handed over.
 * A peer that has bytes to take and takes none for too long is dropped, by the transport or below it.
 */
export interface Transport {
  readonly kind: TransportKind
  /** the most that one `deliver` may bring */
  readonly room: Room
  /** it takes one `deliver`, and is over: what the turn of the event loop still brings should be in it */
  readonly answersOnce: boolean
  /** its client comes back when it has been answered, and is there in between */
  readonly comesBack: boolean
  /** how often, in milliseconds, `heartbeat` is to be called */
  readonly heartbeatMs: number

  /** Opens the way: from here on `events` are told what happens. */
  open(events: TransportEvents): void
  /** Writes a run of notifications in one go. Returns whether more may follow. */
  deliver(batch: Batch): boolean
  /** Writes one message. Messages are few and small, so they may be sent whatever `deliver` has said. */
  send(message: ControlMessage): void
  /** A sign of life is due. */
  heartbeat(): void
  /** The subscriber has everything there is for now. */
  caughtUp(): void
  /** Ends the connection for the reason that `code` names; `closed` is called when it is gone. Closing twice is as good as once. */
  close(code: ErrorCode): void
  /** Drops the connection without a word: for a peer that takes no more bytes. */
  abort(): void
}

/**
 * Why a stream ended: the code it was closed with; `answered` for a long-poll that got its answer; `stalled` when the peer took no more
 * bytes; else `gone`, by the client or the way between.
 */
export type CloseReason = ErrorCode | 'answered' | 'stalled' | 'gone'

/** What a transport tells the core, and may ask it. */
export interface TransportEvents {
  /** where the subscriber stands; during `deliver`, where it stands with that batch */
  readonly cursor: string
  /** Notifications were handed over in a write of so many bytes. */
  wrote(bytes: number): void
  /** The connection takes notifications again. */
  drained(): void
  /** The client has sent a valid message. */
  received(message: ClientMessage): void
  /** The connection is gone, whoever ended it. Called once. */
  closed(reason: CloseReason): void
}
