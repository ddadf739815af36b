import { hasWildcard, isReserved, matchesSegments } from './channel.ts'

/** Most sets have no pattern: they share what says so. */
const NONE: readonly never[] = []

/** The channels of one subscriber or one read: plain names, and patterns apart because they match otherwise. Immutable. */
export class ChannelSet {
  readonly names: ReadonlySet<string>
  readonly patterns: readonly string[]
  readonly #segments: readonly (readonly string[])[]
  readonly #all: readonly string[]

  /** @param channels valid channel names and patterns, in any order; repeats count once */
  constructor(channels: Iterable<string>) {
    const all = [...new Set(channels)]
    this.names = new Set(all.filter((channel) => !hasWildcard(channel)))
    const patterns = all.filter(hasWildcard)
    this.#all = patterns.length > 0 ? [...this.names, ...patterns] : all
    this.patterns = patterns.length > 0 ? patterns : NONE
    this.#segments = patterns.length > 0 ? patterns.map((pattern) => pattern.split(':')) : NONE
  }

  get size(): number {
    return this.names.size + this.patterns.length
  }

  /** Says whether notifications on `channel`, a plain name, belong to this set. */
  has(channel: string): boolean {
    if (this.names.has(channel)) return true
    if (this.#segments.length === 0 || isReserved(channel)) return false
    const segments = channel.split(':')
    return this.#segments.some((pattern) => matchesSegments(pattern, segments))
  }

  /** This set and `channels`. */
  with(channels: Iterable<string>): ChannelSet {
    return new ChannelSet([...this, ...channels])
  }

  /** This set less `channels`, each as it was subscribed to: a name doesn't take a bite out of a pattern. */
  without(channels: Iterable<string>): ChannelSet {
    const gone = new Set(channels)
    return new ChannelSet([...this].filter((channel) => !gone.has(channel)))
  }

  /** Names first. */
  [Symbol.iterator](): Iterator<string> {
    return this.#all[Symbol.iterator]()
  }
}
