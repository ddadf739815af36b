import type { ChannelSet } from '../protocol/channel-set.ts'
import { CODES, type ErrorCode, type StreamCode } from '../protocol/codes.ts'
import type { ClientMessage, ControlMessage } from '../protocol/messages.ts'
import { type Access, AccessRefused } from './access.ts'

/** The stream that a client talks about: what a conversation may see and change of its subscriber. */
export interface Conversed {
  readonly isOpen: boolean
  /** where it stands, as clients see it */
  readonly cursor: string
  readonly channels: ChannelSet
  /** the most channels and patterns it may have */
  readonly maxChannels: number
  access: Access
  /** Has another set of channels from here on. */
  select(channels: ChannelSet): void
  send(message: ControlMessage): void
  close(code: ErrorCode): void
}

/** Messages that may wait while a token is looked at. Beyond it the stream is closed: the client says more than it may. */
const MAX_WAITING = 64

type MessageWith<Member extends string> = Extract<ClientMessage, Readonly<Record<Member, unknown>>>

/**
 * What a client says on its stream, and what it is answered (contract §4.4). Messages are taken in order: those that come while a
 * token is looked at wait until it is known what that gives.
 */
export class Conversation {
  readonly #stream: Conversed
  /** what waits for a token; `undefined` while none is looked at */
  #waiting: ClientMessage[] | undefined

  constructor(stream: Conversed) {
    this.#stream = stream
  }

  /** The client has sent a valid message. */
  take(message: ClientMessage): void {
    if (!this.#waiting) this.#handle(message)
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(message)
    else this.#end('too-many-requests', `${MAX_WAITING} messages wait for a token to be looked at.`, message)
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case 'ping':
        this.#stream.send({ type: 'pong', ...asked(message) })
        break
      case 'token':
        // Nobody waits for it but the messages behind it, and it throws nothing.
        void this.#renew(message)
        break
      case 'subscribe':
        this.#subscribe(message)
        break
      case 'unsubscribe':
        this.#change(message, this.#stream.channels.without(message.channels))
        break
    }
  }

  #subscribe(message: MessageWith<'channels'>): void {
    const { access, channels: before, maxChannels } = this.#stream
    const forbidden = message.channels.find((channel) => !access.maySubscribe(channel))
    const channels = before.with(message.channels)
    if (forbidden !== undefined) {
      this.#refuse('forbidden', notGranted(forbidden), message)
    } else if (channels.size > maxChannels) {
      const code = 'too-many-channels'
      this.#refuse(code, `${CODES[code].title}: ${maxChannels}.`, message)
    } else {
      this.#change(message, channels)
    }
  }

  #change(message: MessageWith<'channels'>, channels: ChannelSet): void {
    this.#stream.select(channels)
    this.#stream.send({
      type: `${message.type}d`,
      channels: [...channels],
      cursor: this.#stream.cursor,
      ...asked(message),
    })
  }

  async #renew(message: MessageWith<'token'>): Promise<void> {
    const waiting: ClientMessage[] = []
    this.#waiting = waiting
    const outcome = await this.#stream.access.renew(message.token).catch((refused: AccessRefused) => refused)
    this.#waiting = undefined
    if (!this.#stream.isOpen) return
    if (outcome instanceof AccessRefused) this.#refuse(outcome.code, outcome.message, message)
    else this.#extend(outcome, message)
    for (const next of waiting) if (this.#stream.isOpen) this.take(next)
  }

  #extend(access: Access, message: MessageWith<'token'>): void {
    const lost = [...this.#stream.channels].find((channel) => !access.maySubscribe(channel))
    if (lost === undefined) this.#stream.access = access
    else this.#end('forbidden', notGranted(lost), message)
  }

  #refuse(code: StreamCode, text: string, message: ClientMessage): void {
    this.#stream.send({ type: 'error', code, message: text, ...asked(message) })
  }

  #end(code: StreamCode, text: string, message: ClientMessage): void {
    this.#refuse(code, text, message)
    this.#stream.close(code)
  }
}

function asked({ request }: ClientMessage): { request?: string } {
  return request === undefined ? {} : { request }
}

function notGranted(channel: string): string {
  return `No grant covers ${channel}.`
}
