import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { createInbox, type Msg, nanos } from '@nats-io/transport-node'
import type { Link } from './connection.ts'
import { type Place, placeOf } from './message.ts'

/** The longest silence of a consumer that still has something to bring, in milliseconds. */
const SILENCE = 1000

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
    const { name, num_pending } = await link.jsm.consumers.add(stream, {
      filter_subject: filter,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: start,
      ack_policy: AckPolicy.None,
      headers_only: !bodies,
      mem_storage: true,
      num_replicas: 1,
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
