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

/** How long each request for a consumer is waited for, in milliseconds: where all answers take long, one of the last is in time. */
const WAITS = [300, 600, 600, 600, 600, 1200, 2400]

/**
 * Makes an ephemeral consumer over a stream from a position on, in the memory of one server.
 *
 * In a cluster the server is drawn from the stream's replicas, and for more than a minute after one was killed it may be the dead one:
 * then nobody answers. Asked again, another may be drawn. A request whose answer is only late makes a consumer, too, which delivers
 * until the server sees that nobody listens; so each has to ask for another inbox.
 *
 * @param config makes the configuration of one request
 */
export async function addConsumer(
  { nc }: Link,
  stream: string,
  start: number,
  config: () => Partial<ConsumerConfig>,
): Promise<ConsumerInfo> {
  let unanswered: unknown
  for (const timeout of WAITS) {
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout })
    try {
      return await jsm.consumers.add(stream, {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: start,
        ack_policy: AckPolicy.None,
        mem_storage: true,
        num_replicas: 1,
        ...config(),
      })
    } catch (error) {
      if (!(error instanceof errors.TimeoutError)) throw error
      unanswered = error
    }
  }
  throw unanswered
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
    const { name, num_pending } = await addConsumer(link, stream, start, () => ({
      filter_subject: filter,
      headers_only: !bodies,
      inactive_threshold: nanos(5 * SILENCE),
    }))
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
