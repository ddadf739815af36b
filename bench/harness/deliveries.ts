import { until } from '../../test/support/until.ts'

/** Longer than anything takes that still arrives. */
const PATIENCE_S = 20

/** Deliveries of numbered notifications, whose numbers rise on every channel, to the clients of a crowd. */
export class Deliveries {
  readonly #last = new Map<string, number>()
  #count = 0
  #repeated = 0

  /** Takes one delivery. */
  heard(client: number, channel: string, data: unknown): void {
    const { n } = data as { n: number }
    const key = `${client} ${channel}`
    if (n <= (this.#last.get(key) ?? -1)) this.#repeated++
    this.#last.set(key, n)
    this.#count++
  }

  /** Waits for `expected` deliveries since the last call; says what was wrong with them, if anything. */
  async fault(expected: number): Promise<string | undefined> {
    await until('all is delivered', () => this.#count >= expected, PATIENCE_S).catch(() => {})
    const [count, repeated] = [this.#count, this.#repeated]
    this.#count = 0
    this.#repeated = 0
    if (count === expected && repeated === 0) return undefined
    return `${expected} deliveries expected, ${count} came, ${repeated} of them repeated or out of order`
  }
}
