import type { Clock } from './clock.ts'
import type { ByTransport, Stats } from './stats.ts'

/** Between two samples, in milliseconds. */
const SAMPLE_MS = 1_000

/** The longest time that a rate can be asked for, in seconds: so many samples are kept, and the oldest goes first. */
export const MOST_SECONDS = 10

/** How much happened in a second, on average. */
export interface PerSecond {
  readonly published: number
  readonly delivered: ByTransport
}

interface Sample extends PerSecond {
  /** milliseconds since 1970 */
  readonly at: number
}

/** How fast an instance's stats grow: looks at them once a second, and remembers a few seconds. */
export class Rates {
  readonly #stats: Stats
  readonly #clock: Clock
  readonly #samples: Sample[] = []
  readonly #stop: () => void

  constructor(stats: Stats, clock: Clock) {
    this.#stats = stats
    this.#clock = clock
    this.#look()
    this.#stop = clock.every(SAMPLE_MS, () => this.#look())
  }

  /** What happened in a second on average, over the last `seconds` that are over, 1 to `MOST_SECONDS`; over fewer at the beginning. */
  over(seconds: number): PerSecond {
    const newest = this.#samples.at(-1)
    const older = this.#samples.at(-1 - seconds) ?? this.#samples[0]
    const elapsed = newest && older ? (newest.at - older.at) / 1000 : 0
    const rate = (of: (sample: Sample) => number): number =>
      newest && older && elapsed > 0 ? (of(newest) - of(older)) / elapsed : 0
    return {
      published: rate(({ published }) => published),
      delivered: {
        websocket: rate(({ delivered }) => delivered.websocket),
        sse: rate(({ delivered }) => delivered.sse),
        'long-poll': rate(({ delivered }) => delivered['long-poll']),
      },
    }
  }

  /** Looks no more. */
  close(): void {
    this.#stop()
  }

  #look(): void {
    const { published, delivered } = this.#stats
    this.#samples.push({ at: this.#clock.now(), published, delivered: { ...delivered } })
    if (this.#samples.length > MOST_SECONDS + 1) this.#samples.shift()
  }
}
