import { createInbox, type Msg } from '@nats-io/transport-node'
import { type Appended, type Draft, LogUnavailable } from '../log.ts'
import type { Connection, Link } from './connection.ts'
import { encode, type Outgoing } from './message.ts'
import type { Subjects } from './subjects.ts'

/** The most publishes that are on their way at once, and their size together; more wait here for their turn. */
const IN_FLIGHT = 1024
const IN_FLIGHT_SIZE = 8 * 1024 * 1024
/** The largest size of all on their way and waiting; beyond, a call is refused at once with LogUnavailable. */
const HELD_SIZE = 128 * 1024 * 1024
/** What a publish is reckoned to hold beside its data. */
const OVERHEAD = 1024
/** After so long without acknowledgement a publish is sent again, in milliseconds. */
const ACK_WAIT = 1000
/** After so long it is sent again when the server refused it, and so often somebody looks, in milliseconds. */
const TICK = 50

/** The server's code for a message that must come behind another than the last one on its subject. */
const WRONG_LAST_SEQUENCE = 10071

/** What of a connection is used here. */
type Links = Pick<Connection, 'current' | 'onLink'>

/** The stream has something newer than what the message was to come behind: it is not stored, and never will be. */
export class Superseded extends Error {
  override readonly name = 'Superseded'
}

interface Publish extends Outgoing {
  /** on the clock of `performance.now()`, as is `due` */
  readonly deadline: number
  /** when it is sent again */
  due: number
  /** what the server said last */
  why: string
  readonly resolve: (outcome: Appended) => void
  readonly reject: (error: LogUnavailable | Superseded) => void
}

/**
 * Publishes messages and waits until JetStream has acknowledged them, which it does once they are stored on the stream's replicas.
 *
 * Each is sent again, with the same identity, until it is acknowledged or its deadline has passed. JetStream (up to 2.11) stores one
 * message at a time, so a call that fails may have been stored in part: the publisher is answered `503`, sends the same again, and what
 * was stored is then a duplicate. Nothing is lost or doubled, as long as it does so within the idempotency window. One call is stored
 * in order, unless the server refuses one message and takes the next; and what had to be sent again may be called a duplicate of itself.
 */
export class Appender {
  readonly #connection: Links
  readonly #subjects: Subjects
  readonly #patience: number
  readonly #inbox = createInbox()
  /** By the last token of the reply subject, in the order sent. */
  readonly #inFlight = new Map<string, Publish>()
  /** In the order given. */
  readonly #waiting = new Map<string, Publish>()
  #sizeInFlight = 0
  #held = 0
  #published = 0
  #clock: NodeJS.Timeout | undefined
  #whenIdle: (() => void) | undefined

  /** @param patience after so many milliseconds without acknowledgement a publish fails */
  constructor(connection: Links, subjects: Subjects, patience: number) {
    this.#connection = connection
    this.#subjects = subjects
    this.#patience = patience
    connection.onLink((link) => this.#resume(link))
  }

  /** See `Log.append`. */
  append(drafts: readonly Draft[]): Promise<Appended[]> {
    return this.publish(drafts.map((draft) => encode(this.#subjects, draft)))
  }

  /**
   * Has messages stored, on whichever stream has their subjects. Throws LogUnavailable, and Superseded for one that says what it must
   * come behind.
   */
  async publish(messages: readonly Outgoing[]): Promise<Appended[]> {
    const size = messages.reduce((sum, message) => sum + sizeOf(message), 0)
    if (this.#held + size > HELD_SIZE) {
      throw new LogUnavailable(`NATS: too much waits to be stored`)
    }
    const deadline = performance.now() + this.#patience
    const outcomes = messages.map((message) => this.#publish(message, deadline))
    this.#advance()
    this.#clock ??= setInterval(() => this.#tick(), TICK)
    return Promise.all(outcomes)
  }

  /** Resolves when all has been acknowledged or has failed. */
  async drain(): Promise<void> {
    if (this.#inFlight.size + this.#waiting.size === 0) return
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
  }

  #publish(message: Outgoing, deadline: number): Promise<Appended> {
    const { subject, headers, data } = message
    const why = 'no connection'
    this.#held += sizeOf(message)
    const token = (this.#published++).toString(36)
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, { subject, headers, data, deadline, due: 0, why, resolve, reject })
    })
  }

  /** Sends what may be sent. */
  #advance(): void {
    for (const [token, publish] of this.#waiting) {
      const full = this.#inFlight.size >= IN_FLIGHT || this.#sizeInFlight + sizeOf(publish) > IN_FLIGHT_SIZE
      if (!this.#connection.current || full) return
      this.#waiting.delete(token)
      this.#inFlight.set(token, publish)
      this.#sizeInFlight += sizeOf(publish)
      this.#send(this.#connection.current, token, publish)
    }
  }

  #send({ nc }: Link, token: string, publish: Publish): void {
    publish.due = performance.now() + ACK_WAIT
    publish.why = 'no acknowledgement'
    try {
      nc.publish(publish.subject, publish.data, {
        headers: publish.headers,
        reply: `${this.#inbox}.${token}`,
      })
    } catch (error) {
      // The link is lost, and the next one sends it again; or the server takes no message of that size.
      publish.why = error instanceof Error ? error.message : String(error)
    }
  }

  #resume(link: Link): void {
    link.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => {
        if (!error) this.#acknowledge(msg)
      },
    })
    for (const [token, publish] of this.#inFlight) this.#send(link, token, publish)
    this.#advance()
  }

  #acknowledge(msg: Msg): void {
    const token = msg.subject.slice(this.#inbox.length + 1)
    const publish = this.#inFlight.get(token)
    if (!publish) return
    const ack = msg.data.length > 0 ? msg.json<Ack>() : undefined
    // Without a sequence it is no acknowledgement: nats-server 2.10 sends such for a message that it may yet lose.
    if (ack?.seq) {
      this.#settle(token, publish)
      publish.resolve({ position: ack.seq, duplicate: ack.duplicate ?? false })
      this.#advance()
    } else if (ack?.error?.err_code === WRONG_LAST_SEQUENCE) {
      this.#settle(token, publish)
      publish.reject(new Superseded(ack.error.description))
      this.#advance()
    } else {
      publish.why = ack?.error?.description ?? 'the stream has no leader'
      publish.due = performance.now() + TICK
    }
  }

  /** Fails what is too late, and sends again what is due. */
  #tick(): void {
    const now = performance.now()
    for (const publishes of [this.#inFlight, this.#waiting]) {
      for (const [token, publish] of publishes) {
        if (now >= publish.deadline) {
          this.#settle(token, publish)
          publish.reject(new LogUnavailable(`NATS: ${publish.why} within ${this.#patience} ms`))
        } else if (publishes === this.#waiting) break
        else if (now >= publish.due && this.#connection.current) {
          this.#send(this.#connection.current, token, publish)
        }
      }
    }
    this.#advance()
    if (this.#inFlight.size + this.#waiting.size > 0) return
    clearInterval(this.#clock)
    this.#clock = undefined
  }

  #settle(token: string, publish: Publish): void {
    if (this.#inFlight.delete(token)) this.#sizeInFlight -= sizeOf(publish)
    else this.#waiting.delete(token)
    this.#held -= sizeOf(publish)
    if (this.#inFlight.size + this.#waiting.size === 0) this.#whenIdle?.()
  }
}

function sizeOf({ data }: { readonly data: string }): number {
  return data.length + OVERHEAD
}

/** JetStream's answer to a publish. */
interface Ack {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly err_code?: number; readonly description?: string }
}
