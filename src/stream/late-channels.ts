import { matches } from '../protocol/channel.ts'
import { ChannelSet } from '../protocol/channel-set.ts'
import { Batch } from './batch.ts'

/**
 * Channels that were added while a subscriber was catching up. They count from the moment at which they were added (contract §4.4), and
 * the subscriber's cursor, from which all others count, lies before that. At most as many as a subscriber may have channels.
 */
export class LateChannels {
  readonly #since = new Map<string, number>()
  #early = new ChannelSet([])

  /** `channels` are wanted now; those that were not in `before` count behind `position`. */
  change(before: ChannelSet, channels: ChannelSet, position: number): void {
    const [had, has] = [new Set(before), new Set(channels)]
    for (const channel of has) if (!had.has(channel)) this.#since.set(channel, position)
    for (const channel of this.#since.keys()) if (!has.has(channel)) this.#since.delete(channel)
    this.#early = channels.without(this.#since.keys())
  }

  /** The subscriber has come so far that they are channels like all others. */
  clear(): void {
    this.#since.clear()
  }

  /** What counts of a batch. */
  filter(batch: Batch): Batch {
    if (this.#since.size === 0) return batch
    return new Batch(
      batch.entries.filter(({ notification: { channel, position } }) => this.#counts(channel, position)),
      batch.through,
    )
  }

  #counts(channel: string, position: number): boolean {
    if (this.#early.has(channel)) return true
    for (const [late, since] of this.#since) if (since < position && matches(late, channel)) return true
    return false
  }
}
