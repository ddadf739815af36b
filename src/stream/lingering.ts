import type { ChannelSet } from '../protocol/channel-set.ts'
import { Subscriptions } from './subscriptions.ts'

/** How long a long-poll client counts as there after it was answered, in milliseconds. */
const GRACE_MS = 2000

/** Clients that are alike: they have the same channels, and go on from the same place. */
interface Departed {
  readonly channels: ChannelSet
  /** until when each counts as there, the first who was answered first; milliseconds since 1970 */
  untils: number[]
}

/**
 * Long-poll clients between two polls: they count as there. One that comes back is known by its channels and by where it goes on, which
 * is where it was answered; of several of whom that is the same, any may be taken for any. Holds who was answered in the last two
 * GRACE_MS and has not come back here.
 */
export class Lingering {
  readonly #departed = new Map<string, Departed>()
  readonly #subscriptions = new Subscriptions<Departed>()
  #nextLook = 0

  /** One was answered at `now`, milliseconds since 1970. @param position up to which it has everything */
  left(channels: ChannelSet, position: number, now: number): void {
    if (now >= this.#nextLook) this.expire(now)
    const key = keyOf(channels, position)
    const alike = this.#departed.get(key)
    if (alike) alike.untils.push(now + GRACE_MS)
    else {
      const departed = { channels, untils: [now + GRACE_MS] }
      this.#departed.set(key, departed)
      this.#subscriptions.add(departed, channels)
    }
  }

  /** One has come, and goes on from `position`. */
  came(channels: ChannelSet, position: number): void {
    const key = keyOf(channels, position)
    const alike = this.#departed.get(key)
    alike?.untils.pop()
    if (alike?.untils.length === 0) this.#remove(key, alike)
  }

  /** Forgets those who do not count any more at `now`, milliseconds since 1970. */
  expire(now: number): void {
    this.#nextLook = now + GRACE_MS
    for (const [key, departed] of this.#departed) {
      const { untils } = departed
      if ((untils[0] ?? 0) > now) continue
      departed.untils = untils.filter((until) => until > now)
      if (departed.untils.length === 0) this.#remove(key, departed)
    }
  }

  /** How many a notification on `channel` concerns, as of the last `expire`. */
  count(channel: string): number {
    const concerned = new Set<Departed>()
    this.#subscriptions.visit(channel, (departed) => concerned.add(departed))
    let sum = 0
    for (const { untils } of concerned) sum += untils.length
    return sum
  }

  /** The channels that they have by name, as of the last `expire`. */
  names(): Iterable<string> {
    return this.#subscriptions.names()
  }

  #remove(key: string, departed: Departed): void {
    this.#departed.delete(key)
    this.#subscriptions.remove(departed, departed.channels)
  }
}

/** No channel has a space in it. */
function keyOf(channels: ChannelSet, position: number): string {
  return `${[...channels].join(' ')} ${position}`
}
