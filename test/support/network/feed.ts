import { request } from 'undici'
import { until } from '../until.ts'

/** The channel that notifications are published on. */
export const CHANNEL = 'numbers'
/** Notifications a second. */
const RATE = 5
/** Every so many notifications one is as large as this, in bytes, so that there are frames above 1 KiB. */
const LARGE_EVERY = 10
const LARGE_BYTES = 2048

/** Publishes notifications that bear the numbers from 0, each durably before the next. */
export class Feed {
  /** when each was first sent */
  readonly sentAt: number[] = []
  readonly #url: () => string
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  /** @param url where the service is at the moment */
  constructor(url: () => string) {
    this.#url = url
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
      const body = JSON.stringify({ channel: CHANNEL, id: `${n}`, data: { n, padding } })
      // The service may be away; the id lets nothing be stored twice.
      await until(`publish ${n}`, () => this.#send(body), 60)
    })
  }

  async #send(body: string): Promise<boolean> {
    try {
      const answer = await request(`${this.#url()}/v1/notifications`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await answer.body.dump()
      return answer.statusCode < 300
    } catch {
      return false
    }
  }
}
