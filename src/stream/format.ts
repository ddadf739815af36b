import type { ByeMessage, ControlMessage, GapMessage, ReadyMessage } from '../protocol/messages.ts'
import type { Entry } from './entry.ts'

/** What is sent: a string in a format of text, else bytes. */
export type Payload = string | Buffer

/** A wire format: what messages look like, on every transport that has a choice of formats (PROTOCOL P-170). */
export interface Format {
  /** what it is called */
  readonly name: string
  /** asks for it on a WebSocket */
  readonly subprotocol: string
  /** asks for it by `Accept`, and names it as `Content-Type` */
  readonly mediaType: string
  /** of a WebSocket's frames, in both directions (RFC 6455 §5.6) */
  readonly frameType: 'text' | 'binary'

  /** The message of a notification. What takes work in it is done once for each entry, whoever asks. */
  notification(entry: Entry): Payload
  /**
   * Any other message.
   * @param padding so many bytes that mean nothing go with it
   */
  message(message: ControlMessage, padding?: number): Payload
  /** The body of a long-poll's answer. */
  answer(answer: Answer): Payload
  /**
   * Reads what a client sent: one message, in the shape that it has in JSON. Whether it is one of the protocol's is for others to say.
   * @throws when it can't be read
   */
  decode(frame: Buffer): unknown
}

/** What a long-poll is answered (contract §4.3). */
export interface Answer {
  readonly entries: readonly Entry[]
  readonly cursor: string
  readonly ready?: ReadyMessage | undefined
  readonly gap?: GapMessage | undefined
  readonly bye?: ByeMessage | undefined
}
