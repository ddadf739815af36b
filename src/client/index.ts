/** `tidings/client`: notifications by the best transport that the network lets through. */
export type { GapMessage, NotificationMessage, TransportKind } from '../protocol/messages.ts'
export type { TokenSource } from './credentials.ts'
export type { ClientTransport } from './machine/state.ts'
export type { Timings } from './machine/timings.ts'
export type { CursorStore, Options } from './options.ts'
export type { SocketConstructor } from './platform.ts'
export type { Status } from './status.ts'
export { connect, type Stream, StreamError, type StreamEvents } from './stream.ts'
