import type { ChannelSet } from '../protocol/channel-set.ts'
import { CODES, type ErrorCode } from '../protocol/codes.ts'
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

type MessageOf<Type extends ClientMessage['type']> = Extract<ClientMessage, { readonly type: Type }>

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
        return this.#stream.send({ type: 'pong', ...asked(message) })
      case 'token':
        // It throws nothing, and what comes behind it waits.
        return void this.#renew(message)
      case 'subscribe':
      case 'unsubscribe':
        return this.#change(message)
    }
  }

  #change(message: MessageOf<'subscribe' | 'unsubscribe'>): void {
    const { access, channels: before, maxChannels } = this.#stream
    const adding = message.type === 'subscribe'
    const forbidden = adding ? message.channels.find((channel) => !access.maySubscribe(channel)) : undefined
    if (forbidden !== undefined) return this.#refuse('forbidden', notGranted(forbidden), message)
    const channels = adding ? before.with(message.channels) : before.without(message.channels)
    if (channels.size > maxChannels) {
      return this.#refuse(
        'too-many-channels',
        `${CODES['too-many-channels'].title}: ${maxChannels}.`,
        message,
      )
    }
    this.#stream.select(channels)
    const type = adding ? 'subscribed' : 'unsubscribed'
    this.#stream.send({ type, channels: [...channels], cursor: this.#stream.cursor, ...asked(message) })
  }

  async #renew(message: MessageOf<'token'>): Promise<void> {
    const waiting: ClientMessage[] = []
    this.#waiting = waiting
    const outcome = await this.#stream.access.renew(message.token).catch((refused: AccessRefused) => refused)
    this.#waiting = undefined
    if (!this.#stream.isOpen) return
    if (outcome instanceof AccessRefused) this.#refuse(outcome.code, outcome.message, message)
    else this.#extend(outcome, message)
    for (const next of waiting) if (this.#stream.isOpen) this.take(next)
  }

  #extend(access: Access, message: MessageOf<'token'>): void {
    const lost = [...this.#stream.channels].find((channel) => !access.maySubscribe(channel))
    if (lost === undefined) this.#stream.access = access
    else this.#end('forbidden', notGranted(lost), message)
  }

  #refuse(code: ErrorCode, text: string, message: ClientMessage): void {
    this.#stream.send({ type: 'error', code, message: text, ...asked(message) })
  }

  #end(code: ErrorCode, text: string, message: ClientMessage): void {
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
