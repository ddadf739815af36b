import { WebSocket } from 'ws'
import type { ClientTransport } from '../../src/client/machine/state.ts'
import type { Options } from '../../src/client/options.ts'
import { connect, type Stream } from '../../src/client/stream.ts'
import { until } from './until.ts'

/** What a test publishes: numbers from 0. */
export interface Numbered {
  readonly n: number
}

/** How long anything may take on a machine that is busy with other things, in seconds. */
const PATIENCE = 30

/** A client, and what it has been handed. */
export interface TestClient {
  readonly stream: Stream<Numbered>
  readonly numbers: readonly number[]
  /** every status, in order, as `state` or `live:transport` */
  readonly history: readonly string[]
  /** Resolves once notifications come, over `transport` if one is named. */
  live(transport?: ClientTransport): Promise<void>
  /** Resolves once the number `n` has come. */
  had(n: number): Promise<void>
}

/**
 * Connects with the `ws` package, and closes when `t` ends.
 * @param open of which entry; default: `tidings/client`
 */
export function startClient(
  t: { teardown(fn: () => void): void },
  url: string,
  options: Options = {},
  open: typeof connect = connect,
): TestClient {
  const stream = open<Numbered>(url, {
    channels: ['numbers'],
    WebSocket,
    ...options,
  })
  t.teardown(() => stream.close())
  const numbers: number[] = []
  const history: string[] = []
  stream.on('notification', ({ data }) => numbers.push(data.n))
  stream.on('status', ({ state, transport }) => history.push(transport ? `${state}:${transport}` : state))
  return {
    stream,
    numbers,
    history,
    live: (transport) =>
      until(
        `live ${transport ?? ''}; ${history}`,
        () => stream.status.state === 'live' && (!transport || stream.status.transport === transport),
        PATIENCE,
      ),
    had: (n) => until(`number ${n}, of ${numbers}`, () => numbers.includes(n), PATIENCE),
  }
}

/** Publishes numbers on the channel `numbers`, one after the other. */
export class Publisher {
  readonly #url: () => string
  readonly #token: string | undefined
  #next = 0
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  /**
   * @param url where the service is at the moment
   * @param token where it wants one
   */
  constructor(url: () => string, token?: string) {
    this.#url = url
    this.#token = token
  }

  /** how many have been published */
  get count(): number {
    return this.#next
  }

  /** Publishes the next number, durably: again until it is answered. */
  async publish(): Promise<number> {
    const n = this.#next++
    this.#last = this.#last.then(() => this.#send([n]))
    await this.#last
    return n
  }

  /** Publishes `count` numbers at once: more than 1,000 take several requests. */
  async publishMany(count: number): Promise<void> {
    for (const end = this.#next + count; this.#next < end; ) {
      const batch = upTo(Math.min(999, end - this.#next - 1)).map((i) => this.#next + i)
      this.#next += batch.length
      this.#last = this.#last.then(() => this.#send(batch))
    }
    await this.#last
  }

  /** Publishes one every `ms` milliseconds until `stop`. */
  start(ms: number): void {
    this.#timer = setInterval(() => void this.publish(), ms)
  }

  /** Publishes one more, and nothing after that; returns its number once it is durable. */
  async stop(): Promise<number> {
    clearInterval(this.#timer)
    return this.publish()
  }

  async #send(numbers: readonly number[]): Promise<void> {
    await until(`publish ${numbers[0]}`, async () => {
      try {
        const { ok } = await fetch(`${this.#url()}/v1/notifications`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
          },
          body: JSON.stringify(numbers.map((n) => ({ channel: 'numbers', id: `${n}`, data: { n } }))),
        })
        return ok
      } catch {
        return false
      }
    })
  }
}

/**
 * Publishes numbers at `url`, and cuts the way there so many times, each time when the client has got some since.
 * @returns the last number, which has come
 */
export async function publishOverCuts(
  { had }: TestClient,
  { cut }: { cut(): void },
  url: string,
  cuts: number,
): Promise<number> {
  const publisher = new Publisher(() => url)
  publisher.start(2)
  for (let n = 0; n < cuts; n++) {
    await had(publisher.count + 5)
    cut()
  }
  const last = await publisher.stop()
  await had(last)
  return last
}

/** The numbers from 0 to `last`: what a client must have had, in order. */
export function upTo(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, n) => n)
}
