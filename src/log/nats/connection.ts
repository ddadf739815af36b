import { setTimeout as pause } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect, deferred, type NatsConnection } from '@nats-io/transport-node'
import { LogUnavailable } from '../log.ts'
import { type Credentials, securityOptions, type Tls } from './credentials.ts'
import { StreamMisfit } from './stream.ts'

/** The most time for a server to let us in, and to answer a request, in milliseconds. */
const CONNECT = 2000
const ANSWER = 1000
/** Between two pings, in milliseconds; one that is unanswered at the next ends a connection that swallows everything. */
const PULSE = 2000
/** Between two attempts to connect, in milliseconds. */
const RETRY = 500

/** Where NATS is and who we are there. */
export interface ConnectionOptions {
  /** `nats://host:port` or `tls://host:port`; several are tried in random order */
  readonly servers: readonly string[]
  readonly credentials?: Credentials
  readonly tls?: Tls
}

/** One live connection and the JetStream API on it. It never comes back when it is lost: another one takes its place. */
export interface Link {
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
}

/**
 * Keeps a link to NATS for ever: connects, prepares, watches, and does it again when the link is lost or was never got.
 *
 * The client's own reconnecting is off: it would keep publishes of unknown number for later, it hides why it can't connect, and on a
 * connection that swallows everything it can wait for a write that never ends.
 */
export class Connection {
  /** Resolves when the first link is there; rejects with StreamMisfit. Stays open when the connection is closed before. */
  readonly ready = deferred<void>()
  readonly #options: ConnectionOptions
  readonly #prepare: (link: Link) => Promise<void>
  readonly #listeners = new Set<(link: Link) => void>()
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #link: Link | undefined
  /** Why there is no link now. */
  #why = 'NATS: not connected yet'

  /** @param prepare what must have been done on a link before anybody uses it; when it fails the link is given up */
  constructor(options: ConnectionOptions, prepare: (link: Link) => Promise<void>) {
    this.#options = options
    this.#prepare = prepare
    this.#running = this.#run()
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /** The link, if there is one now. */
  get current(): Link | undefined {
    return this.#link?.nc.isClosed() ? undefined : this.#link
  }

  /** @throws LogUnavailable with the reason when there is no link now */
  get link(): Link {
    const link = this.current
    if (!link) throw new LogUnavailable(this.#why)
    return link
  }

  /** Calls `listener` with the link there is and every one to come; the function returned ends it. */
  onLink(listener: (link: Link) => void): () => void {
    this.#listeners.add(listener)
    if (this.#link) listener(this.#link)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#why = 'the log is closed'
    await this.#link?.nc.close()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.closed) {
      try {
        await this.#hold()
      } catch (error) {
        if (error instanceof StreamMisfit) this.ready.reject(error)
        if (!this.closed) this.#why = `NATS: ${error instanceof Error ? error.message : String(error)}`
      }
      await pause(RETRY, undefined, { signal: this.#closing.signal }).catch(() => {
        // closed in the meantime
      })
    }
  }

  /** Gets a link and keeps it until it is lost; then throws why. */
  async #hold(): Promise<void> {
    const { servers, credentials, tls } = this.#options
    const nc = await connect({
      servers: [...servers],
      name: 'tidings',
      reconnect: false,
      timeout: CONNECT,
      ...securityOptions(credentials, tls),
    })
    try {
      const link = { nc, jsm: await jetstreamManager(nc, { checkAPI: false, timeout: ANSWER }) }
      await this.#prepare(link)
      if (this.closed) return
      this.#link = link
      this.#why = 'NATS: the connection was lost just now'
      this.ready.resolve()
      for (const listener of this.#listeners) listener(link)
      await lost(nc)
    } finally {
      this.#link = undefined
      await nc.close()
    }
  }
}

/** Rejects with the reason once the connection is gone, or silent for so long that it must be. */
function lost(nc: NatsConnection): Promise<never> {
  let answered = true
  let pulse: NodeJS.Timeout
  return new Promise<never>((_, reject) => {
    pulse = setInterval(() => {
      if (!answered) reject(new Error(`no answer to a ping within ${PULSE} ms`))
      answered = false
      nc.flush().then(() => {
        answered = true
      }, reject)
    }, PULSE)
    void nc.closed().then((error) => reject(error ?? new Error('the connection was closed')))
  }).finally(() => clearInterval(pulse))
}
