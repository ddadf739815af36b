import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  jetstreamManager,
} from '@nats-io/jetstream'
import { createInbox, errors, type Msg, nanos } from '@nats-io/transport-node'
import type { Link } from './connection.ts'
import { type Place, placeOf } from './message.ts'

/** The longest silence of a consumer that still has something to bring, in milliseconds. */
const SILENCE = 1000

/** How often a consumer is asked for, and how long each time is waited for it, in milliseconds. */
const ATTEMPTS = 12
const ANSWER = 300

/**
 * Makes an ephemeral consumer over a stream from a position on, in the memory of one server.
 *
 * In a cluster the server is drawn from the stream's replicas, and for more than a minute after one was killed it may be the dead one:
 * then nobody answers. Asked again, another may be drawn.
 */
export async function addConsumer(
  { nc }: Link,
  stream: string,
  start: number,
  config: Partial<ConsumerConfig>,
): Promise<ConsumerInfo> {
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: ANSWER })
  for (let attempt = 1; ; attempt++) {
    try {
      return await jsm.consumers.add(stream, {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: start,
        ack_policy: AckPolicy.None,
        mem_storage: true,
        num_replicas: 1,
        ...config,
      })
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || attempt === ATTEMPTS) throw error
    }
  }
}

/** A message and its place in the stream. */
export interface Delivery {
  readonly msg: Msg
  readonly place: Place
}

/** What a consumer is to bring. */
export interface Wanted {
  /** the last position wanted; the server has it, as its leader says */
  readonly until: number
  /** the most messages */
  readonly limit: number
  /** the most bytes of them, headers and subjects included */
  readonly bytes?: number
}

/**
 * A short-lived pull consumer: reads on from a position along one filter. It lives in the memory of one server of the stream's,
 * which need not be the leader and may lag behind.
 */
export class Consumer {
  /** how many messages it has to bring, as its server knew when it was made */
  readonly pending: number
  readonly #link: Link
  readonly #stream: string
  readonly #name: string

  private constructor(link: Link, stream: string, name: string, pending: number) {
    this.#link = link
    this.#stream = stream
    this.#name = name
    this.pending = pending
  }

  /** @param start the first position that it looks at */
  static async open(
    link: Link,
    stream: string,
    { filter, start, bodies }: { filter: string; start: number; bodies: boolean },
  ): Promise<Consumer> {
    const { name, num_pending } = await addConsumer(link, stream, start, {
      filter_subject: filter,
      headers_only: !bodies,
      inactive_threshold: nanos(5 * SILENCE),
    })
    return new Consumer(link, stream, name, num_pending)
  }

  /** Brings messages in order until all wanted are there, or the limits or the server's knowledge or patience end. */
  pull({ until, limit, bytes }: Wanted): Promise<Delivery[]> {
    const { nc } = this.#link
    const inbox = createInbox()
    const deliveries: Delivery[] = []
    return new Promise<Delivery[]>((resolve) => {
      const end = (): void => {
        clearTimeout(watchdog)
        subscription.unsubscribe()
        resolve(deliveries)
      }
      const watchdog = setTimeout(end, 2 * SILENCE)
      const subscription = nc.subscribe(inbox, {
        callback: (error, msg) => {
          const place = error ? undefined : placeOf(msg.reply)
          // Any word of the server but a message ends the pull; so does a hole.
          if (place?.delivery !== deliveries.length + 1) return end()
          deliveries.push({ msg, place })
          watchdog.refresh()
          if (place.position >= until || deliveries.length === limit) end()
        },
      })
      const request = { batch: limit, max_bytes: bytes, expires: nanos(SILENCE) }
      nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#name}`, JSON.stringify(request), {
        reply: inbox,
      })
    })
  }

  /** Lets go of it. Not waited for: a consumer that nobody asks ends by itself. */
  close(): void {
    this.#link.jsm.consumers.delete(this.#stream, this.#name).catch(() => {
      // it ends by itself
    })
  }
}
