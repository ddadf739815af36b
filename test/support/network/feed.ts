import { until } from '../until.ts'

/** Notifications a second. */
const RATE = 5
/** Every so many notifications one is as large as this, in bytes, so that there are frames above 1 KiB. */
const LARGE_EVERY = 10
const LARGE_BYTES = 2048
/** How long the service may be away, in seconds. */
const PATIENCE = 60

/** What is published: the numbers from 0, some with padding. */
export interface Numbered {
  readonly n: number
  readonly padding: string
}

/** Publishes `data` once, however often it is tried with the same number; resolves to whether it is durable. */
export type Publish = (data: Numbered) => Promise<boolean>

/** Publishes numbered notifications at a steady rate, each durably before the next. */
export class Feed {
  /** when each was first sent */
  readonly sentAt: number[] = []
  readonly #send: Publish
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(send: Publish) {
    this.#send = send
  }

  start(): void {
    this.#timer = setInterval(() => this.#publish(), 1000 / RATE)
  }

  /** Publishes no more for now; resolves to the number of the last once that is durable. */
  async pause(): Promise<number> {
    clearInterval(this.#timer)
    await this.#last
    return this.sentAt.length - 1
  }

  /** The number of the first that was sent at `at` or later. */
  firstSince(at: number): number {
    const n = this.sentAt.findIndex((sent) => sent >= at)
    return n < 0 ? this.sentAt.length : n
  }

  #publish(): void {
    this.#last = this.#last.then(async () => {
      const n = this.sentAt.push(Date.now()) - 1
      const padding = 'x'.repeat(n % LARGE_EVERY === LARGE_EVERY - 1 ? LARGE_BYTES : 0)
      await until(`publish ${n}`, () => this.#send({ n, padding }), PATIENCE)
    })
  }
}
