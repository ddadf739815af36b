import type { ChannelSet } from '../protocol/channel-set.ts'

/** How long a long-poll client counts as there after it was answered, in milliseconds. */
const GRACE_MS = 2000

interface Departure {
  readonly key: string
  readonly channels: ChannelSet
  /** milliseconds since 1970 */
  readonly until: number
}

/**
 * Long-poll clients between two polls: they count as there. One that comes back is known by its channels and by where it goes on, which
 * is where it was answered; of several of whom that is the same, any may be taken for any. Holds who was answered in the last GRACE_MS
 * and has not come back here.
 */
export class Lingering {
  /** The oldest first. */
  readonly #departures = new Set<Departure>()
  /** The oldest of each first. */
  readonly #byKey = new Map<string, Departure[]>()

  /** One was answered at `now`, milliseconds since 1970. @param position up to which it has everything */
  left(channels: ChannelSet, position: number, now: number): void {
    this.#expire(now)
    const departure = { key: keyOf(channels, position), channels, until: now + GRACE_MS }
    this.#departures.add(departure)
    const same = this.#byKey.get(departure.key)
    if (same) same.push(departure)
    else this.#byKey.set(departure.key, [departure])
  }

  /** One has come, and goes on from `position`. */
  came(channels: ChannelSet, position: number): void {
    const key = keyOf(channels, position)
    const same = this.#byKey.get(key)
    const departure = same?.pop()
    if (departure) this.#departures.delete(departure)
    if (same?.length === 0) this.#byKey.delete(key)
  }

  /** Their channels, once for each, at `now`. */
  channels(now: number): ChannelSet[] {
    this.#expire(now)
    return Array.from(this.#departures, ({ channels }) => channels)
  }

  #expire(now: number): void {
    for (const departure of this.#departures) {
      if (departure.until > now) return
      this.#departures.delete(departure)
      const same = this.#byKey.get(departure.key)
      same?.shift()
      if (same?.length === 0) this.#byKey.delete(departure.key)
    }
  }
}

/** No channel has a space in it. */
function keyOf(channels: ChannelSet, position: number): string {
  return `${[...channels].join(' ')} ${position}`
}
