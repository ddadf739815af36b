/** `tidings/client`: notifications by the best transport that the network lets through. */
export type { GapMessage, NotificationMessage, TransportKind } from '../protocol/messages.ts'
export type { Options } from './options.ts'
export type { Status } from './status.ts'
export { connect, type Stream, StreamError, type StreamEvents } from './stream.ts'
