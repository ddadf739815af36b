import type { ClientMessage, ControlMessage, NotificationMessage } from '../../protocol/messages.ts'
import type { ClientTransport, LossCause } from '../machine/state.ts'
import type { Platform } from '../platform.ts'

/** A message of the stream, in the shape that it has on `websocket`, whatever transport it came by. */
export type StreamMessage =
  | { readonly type: 'notification'; readonly notification: NotificationMessage }
  | ControlMessage

/** What is sent on a link: besides the protocol's messages, a fresh token in place of one that runs out (contract §4.4). */
export type ClientFrame = ClientMessage | { readonly type: 'token'; readonly token: string }

/** How a stream ended. */
export interface Loss {
  readonly cause: LossCause
  /** milliseconds, where the service said so */
  readonly retryAfter?: number
  /** the service's own words about what is wrong with the request */
  readonly code?: string
  readonly message?: string
}

/** What is to be opened. */
export interface LinkRequest {
  /** the service's address; ends in a slash */
  readonly base: URL
  /** the channels to subscribe to, as they are at the moment */
  channels(): readonly string[]
  /** where to start; without one, now */
  readonly cursor: string | undefined
  /** the longest silence that the network stands, in milliseconds, where that is known */
  readonly quiet: number | undefined
  /** what to say of a better transport (PROTOCOL P-150); may be empty */
  readonly via: string
  /** the token as it is at the moment, where there is one */
  readonly token: () => string | undefined
}

/** What a link tells, never before `OpenLink` has returned. After `lost`, and after `close`, nobody listens any more. */
export interface LinkEvents {
  message(message: StreamMessage): void
  lost(loss: Loss): void
}

/** One stream over one transport. */
export interface Link {
  close(): void
  /** Sends a message, on transports that have a way back. */
  send?(frame: ClientFrame): void
}

/** Opens a stream. A transport is no more than this function. */
export type OpenLink = (request: LinkRequest, events: LinkEvents, platform: Platform) => Link

/** The transports that this client has. */
export type Transports = Readonly<Partial<Record<ClientTransport, OpenLink>>>
