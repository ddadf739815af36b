import { v7 } from 'uuid'
import type { Published, Scheduled } from '../protocol/publish.ts'
import type { Target } from './call.ts'
import { Cancellations } from './cancellations.ts'
import { PublishError } from './error.ts'
import { Lane } from './lane.ts'
import { Pending } from './pending.ts'

/** What a publisher is made with. */
export interface PublisherOptions {
  /** the service's address, such as `https://notify.example/` */
  readonly url: string | URL
  /** a token or an API key (`tdk_…`), or what says it: asked before each request */
  readonly token?: Target['token']
  /**
   * for how long a publish is tried, in milliseconds; default 60,000. Stay below the service's TIDINGS_IDEMPOTENCY_SECONDS, for after
   * that a notification could be stored twice
   */
  readonly timeout?: number
  /**
   * how many notifications may wait to be sent, as many for later, and as many to be cancelled; default 10,000. One more is refused:
   * `queue-full`
   */
  readonly maxQueued?: number
  /** of how many bytes in all; default 64 MiB */
  readonly maxQueuedBytes?: number
}

/** What a notification may have besides its channel and data. */
export interface PublishOptions {
  /** 1 to 128 printable ASCII characters; a UUIDv7 by default. The same id is stored once on a channel, however often it is published */
  readonly id?: string
  /** what kind of notification it is */
  readonly type?: string
  /** seconds after which it is not worth delivering */
  readonly ttl?: number
  /** gives it up: it rejects with the signal's reason, and is not sent again. It may have been stored by then */
  readonly signal?: AbortSignal
}

/** When a notification is to be published: at a time, a text being RFC 3339, or whole seconds after the service has taken it. */
export type Later = { readonly at: Date | string } | { readonly delay: number }

/**
 * Publishes notifications, with data of one type, from a backend.
 *
 * One request is under way at a time, so that what is published is stored in the order of the calls, over any number of tries. The calls of one turn
 * of the event loop share a request, and so do those that come while another is under way. What is for later goes its own way, so that
 * a service which can schedule no more keeps nothing else waiting.
 */
export class Publisher<Data = unknown> {
  readonly #now: Lane
  readonly #later: Lane
  readonly #cancellations: Cancellations
  #isClosed = false

  /** Throws TypeError when `url` is no http or https address, or has a user or password. */
  constructor({
    url,
    token,
    timeout = 60_000,
    maxQueued = 10_000,
    maxQueuedBytes = 64 * 1024 * 1024,
  }: PublisherOptions) {
    const options = { target: { url: publishesOf(url), token }, timeout, maxQueued, maxQueuedBytes }
    this.#now = new Lane(options)
    this.#later = new Lane(options)
    this.#cancellations = new Cancellations(options)
  }

  /**
   * Publishes a notification; tries again, with the same id, what the network or the service can't do now.
   * @param data any JSON value; changes to it after the call do not count
   * @returns what the service says of it, once it is durable
   * @throws PublishError, or what `signal` or `token` give as a reason; TypeError when `data` is no JSON
   */
  publish(channel: string, data: Data, options?: PublishOptions): Promise<Published>
  /** Schedules one likewise; one whose time has passed is published as soon as can be. */
  publish(channel: string, data: Data, options: PublishOptions & Later): Promise<Scheduled>
  async publish(
    channel: string,
    data: Data,
    { id = v7(), signal, ...members }: PublishOptions & Partial<Record<'at' | 'delay', unknown>> = {},
  ): Promise<Published | Scheduled> {
    signal?.throwIfAborted()
    this.#demandOpen()
    const line = JSON.stringify({ channel, data, id, ...members })
    const isForLater = members.at !== undefined || members.delay !== undefined
    return new Promise((resolve, reject) => {
      const lane = isForLater ? this.#later : this.#now
      lane.add(new Pending(line, signal, { resolve, reject }))
    })
  }

  /**
   * Cancels a notification whose `publish` for later has resolved; tries again what the network or the service can't do now. It is
   * cancelled, now or within the idempotency window before, when this resolves.
   * @throws PublishError `already-published` when it is too late, `not-scheduled` when nothing of the kind is known, and others; TypeError
   * for a channel or id `.` or `..`, which no address can have; or what `token` gives as a reason
   */
  async cancel(channel: string, id: string): Promise<void> {
    this.#demandOpen()
    await this.#cancellations.add(channel, id)
  }

  /** Takes no more; resolves when all that was handed over is settled. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([this.#now.empty(), this.#later.empty(), this.#cancellations.empty()])
  }

  #demandOpen(): void {
    if (this.#isClosed) throw new PublishError('closed', 'The publisher is closed.')
  }
}

function publishesOf(address: string | URL): URL {
  const url = new URL(address)
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new TypeError('The url must be an http:// or https:// address without user and password')
  }
  url.pathname = url.pathname.replace(/\/?$/, '/v1/notifications')
  url.search = ''
  url.hash = ''
  return url
}
