import { setTimeout as pause } from 'node:timers/promises'
import type { ControlMessage, NotificationMessage, TransportKind } from '../../../src/protocol/messages.ts'
import type { Target } from './requests.ts'

/** A message as every transport's client hands it over. */
export type Message =
  | ControlMessage
  | { readonly type: 'notification'; readonly notification: NotificationMessage }

/** The message of one type. */
export type MessageOf<Type extends Message['type']> = Message & { readonly type: Type }

/** What a client asks for. */
export interface Query {
  readonly channel: string | readonly string[]
  readonly cursor?: string
  readonly last?: number
  readonly limit?: number
  /** seconds, for long-polls; other transports take no notice */
  readonly wait?: number
  /** a credential */
  readonly token?: string
  /** the better transports that it could not have */
  readonly via?: string
}

/** A client of one transport, as small as it can be: it never comes back by itself. */
export interface ClientKind {
  /** transport and library */
  readonly name: string
  readonly transport: TransportKind
  open(target: Target, query: Query): Promise<Client>
}

/** What came over one stream. A long-poll client's stream are its polls, one after the other, until `bye`. */
export interface Client {
  readonly inbox: Inbox
  /** Goes away. */
  close(): Promise<void>
}

/** How long the next message may take, in milliseconds, before the test fails. */
const PATIENCE_MS = 10_000

/** The messages that a client got, in order, to be taken one by one. */
export class Inbox {
  readonly #messages: Message[] = []
  #wake: () => void = () => {}
  #taken: string | undefined
  #isOver = false
  #why: unknown
  #end: (code: number | undefined) => void = () => {}

  /** Resolves when the stream is over, with a WebSocket's close code. */
  readonly ended = new Promise<number | undefined>((resolve) => {
    this.#end = resolve
  })

  /** The cursor of the last message that was taken: what the client has seen. */
  get cursor(): string {
    if (this.#taken === undefined) throw new Error('no message with a cursor was taken')
    return this.#taken
  }

  /** How many messages wait to be taken. */
  get size(): number {
    return this.#messages.length
  }

  put(message: Message): void {
    this.#messages.push(message)
    this.#wake()
  }

  /** @param why what broke it, where something did */
  end(code?: number, why?: unknown): void {
    this.#isOver = true
    this.#why = why
    this.#end(code)
    this.#wake()
  }

  /** Takes the next message, as soon as it is there. */
  async next(): Promise<Message> {
    const patience = new AbortController()
    const timeout = pause(PATIENCE_MS, 'late', { signal: patience.signal }).catch(() => 'late')
    try {
      for (;;) {
        const message = this.#messages.shift()
        if (message) return this.#take(message)
        if (this.#isOver) throw new Error('the stream is over', { cause: this.#why })
        const woken = new Promise<string>((resolve) => {
          this.#wake = () => resolve('woken')
        })
        if ((await Promise.race([woken, timeout])) === 'late') throw new Error('no message came')
      }
    } finally {
      patience.abort()
    }
  }

  /** Takes the next message, which must be of this type. */
  async expect<Type extends Message['type']>(type: Type): Promise<MessageOf<Type>> {
    const message = await this.next()
    if (message.type !== type) throw new Error(`not ${type} but ${JSON.stringify(message)}`)
    return message as MessageOf<Type>
  }

  /** Takes the next `count` messages, which must be notifications. */
  async notifications(count: number): Promise<NotificationMessage[]> {
    const taken: NotificationMessage[] = []
    while (taken.length < count) taken.push((await this.expect('notification')).notification)
    return taken
  }

  #take(message: Message): Message {
    const bearer = message.type === 'notification' ? message.notification : message
    if ('cursor' in bearer) this.#taken = bearer.cursor
    return message
  }
}

/** A client that goes on reading: `read` puts what comes into the inbox, and ends, or throws, when `signal` says so. */
export function readingClient(read: (inbox: Inbox, signal: AbortSignal) => Promise<void>): Client {
  const inbox = new Inbox()
  const leaving = new AbortController()
  const reading = read(inbox, leaving.signal).then(
    () => inbox.end(),
    (error: unknown) => inbox.end(undefined, error),
  )
  return {
    inbox,
    async close() {
      leaving.abort()
      await reading
    },
  }
}

/** The stream's URL with a query. */
export function streamUrl({ url }: Target, query: Query, transport?: TransportKind): string {
  const { channel, ...rest } = query
  const parameters = new URLSearchParams([channel].flat().map((name): [string, string] => ['channel', name]))
  for (const [name, value] of Object.entries({ ...rest, transport })) {
    if (value !== undefined) parameters.append(name, String(value))
  }
  return `${url}/v1/stream?${parameters}`
}

/** Opens a client that goes away when `t` ends. */
export async function openFor(
  t: { teardown(fn: () => Promise<void>): void },
  kind: ClientKind,
  target: Target,
  query: Query,
): Promise<Client> {
  const client = await kind.open(target, query)
  t.teardown(() => client.close())
  return client
}
