import type { StreamCode } from './codes.ts'

/**
 * The messages of the stream protocol (contract §4.1), in the shape they have on every transport.
 *
 * `websocket` sends them whole, `type` first. `sse` puts `type` into `event:` and the rest into `data:`. `long-poll` puts
 * them into the members of one answer. A notification has a `type` of its own, so it travels inside its message
 * (`{"type":"notification","notification":{…}}`) and is the same JSON object, byte for byte, on all transports.
 */

/** How bytes reach a client. */
export type TransportKind = 'websocket' | 'sse' | 'long-poll'

/** A notification as clients see it. */
export interface NotificationMessage<Data = unknown> {
  readonly cursor: string
  readonly channel: string
  readonly id: string
  readonly type?: string
  /** when it was stored, RFC 3339 in UTC with milliseconds */
  readonly time: string
  /** of its publish, where that had one (W3C Trace Context) */
  readonly traceparent?: string
  readonly data: Data
}

/** The way is open, end to end: sent at once, before anything else. */
export interface ReadyMessage {
  readonly type: 'ready'
  readonly cursor: string
  readonly transport: TransportKind
  readonly channels: readonly string[]
  /** the longest silence to expect, in seconds */
  readonly heartbeat: number
}

/** Sign of life; its cursor moves on even when the channels are quiet. */
export interface HeartbeatMessage {
  readonly type: 'heartbeat'
  readonly cursor: string
}

/** Why notifications after a cursor can't be had: retention has taken them, or the cursor is of another log. */
export type GapReason = 'retention' | 'epoch'

/** Some notifications can't be had any more: fetch your state anew, then go on from `cursor`. */
export interface GapMessage {
  readonly type: 'gap'
  readonly cursor: string
  readonly reason: GapReason
}

/** Why the server closes a stream on purpose. */
export type ByeReason = 'draining' | 'max-age' | 'token-expired'

/** The server will close on purpose: come back after `retryAfter` milliseconds. No sign of a bad network. */
export interface ByeMessage {
  readonly type: 'bye'
  readonly reason: ByeReason
  readonly retryAfter: number
  readonly cursor: string
}

/** Something the client sent was refused, or its token has been revoked. */
export interface ErrorMessage {
  readonly type: 'error'
  readonly code: StreamCode
  readonly message: string
  readonly request?: string
}

/** The set of channels as it is now, after a `subscribe` or `unsubscribe` (websocket only). */
export interface ChannelsMessage {
  readonly type: 'subscribed' | 'unsubscribed'
  readonly channels: readonly string[]
  readonly cursor: string
  readonly request?: string
}

/** The answer to a `ping` message (websocket only). */
export interface PongMessage {
  readonly type: 'pong'
  readonly request?: string
}

/** Every message but `notification`, which is encoded once for all subscribers (see stream/entry.ts). */
export type ControlMessage =
  | ReadyMessage
  | HeartbeatMessage
  | GapMessage
  | ByeMessage
  | ErrorMessage
  | ChannelsMessage
  | PongMessage

/** What a client may send (websocket only, contract §4.4). `request` comes back in the answer; a `token` that is good has none. */
export type ClientMessage =
  | {
      readonly type: 'subscribe' | 'unsubscribe'
      readonly channels: readonly string[]
      readonly request?: string | undefined
    }
  | { readonly type: 'token'; readonly token: string; readonly request?: string | undefined }
  | { readonly type: 'ping'; readonly request?: string | undefined }

/** A long-poll answer (contract §4.3). */
export interface LongPollAnswer<Data = unknown> {
  readonly notifications: readonly NotificationMessage<Data>[]
  readonly cursor: string
  readonly ready?: Omit<ReadyMessage, 'type'>
  readonly gap?: Omit<GapMessage, 'type'>
  readonly bye?: Omit<ByeMessage, 'type'>
}
