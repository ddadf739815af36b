import { hasWildcard, isReserved } from '../protocol/channel.ts'
import type { ChannelSet } from '../protocol/channel-set.ts'

/** Who has subscribed to what: names by a map, patterns apart in a tree of segments, so that a thousand of them cost little. */
export class Subscriptions<Who> {
  readonly #names = new Map<string, Set<Who>>()
  readonly #patterns = new PatternNode<Who>()

  /** Adds `who` to each of `channels`; adding twice is as good as once. */
  add(who: Who, channels: ChannelSet): void {
    for (const channel of channels) {
      if (hasWildcard(channel)) this.#patterns.add(who, channel.split(':'))
      else addTo(this.#names, channel, who)
    }
  }

  /** Takes `who` from each of `channels`. */
  remove(who: Who, channels: ChannelSet): void {
    for (const channel of channels) {
      if (hasWildcard(channel)) {
        this.#patterns.remove(who, channel.split(':'))
        continue
      }
      const set = this.#names.get(channel)
      set?.delete(who)
      if (set?.size === 0) this.#names.delete(channel)
    }
  }

  /** How many different ones a notification on `channel` concerns. Costs nothing for those of the largest set. */
  count(channel: string): number {
    const sets: ReadonlySet<Who>[] = []
    this.#visitSets(channel, (set) => sets.push(set))
    const [largest, ...smaller] = sets.sort((a, b) => b.size - a.size)
    const others = new Set<Who>()
    for (const set of smaller) for (const who of set) if (!largest?.has(who)) others.add(who)
    return (largest?.size ?? 0) + others.size
  }

  /** What there is by name. */
  names(): Iterable<string> {
    return this.#names.keys()
  }

  /** Calls `visit` with everyone whom a notification on `channel` concerns; someone may come up several times. */
  visit(channel: string, visit: (who: Who) => void): void {
    this.#visitSets(channel, (set) => {
      for (const who of set) visit(who)
    })
  }

  #visitSets(channel: string, visit: (set: ReadonlySet<Who>) => void): void {
    const named = this.#names.get(channel)
    if (named) visit(named)
    if (!this.#patterns.isEmpty && !isReserved(channel)) this.#patterns.visit(channel.split(':'), 0, visit)
  }
}

/** One place in the tree of patterns: `a:*` is the way `a`, `*`; `a:**` is the place `a` with `rest`. */
class PatternNode<Who> {
  readonly #children = new Map<string, PatternNode<Who>>()
  readonly #here = new Set<Who>()
  readonly #rest = new Set<Who>()

  get isEmpty(): boolean {
    return this.#children.size === 0 && this.#here.size === 0 && this.#rest.size === 0
  }

  add(who: Who, [segment, ...more]: readonly string[]): void {
    if (segment === undefined) {
      this.#here.add(who)
    } else if (segment === '**') {
      this.#rest.add(who)
    } else {
      let child = this.#children.get(segment)
      if (!child) {
        child = new PatternNode()
        this.#children.set(segment, child)
      }
      child.add(who, more)
    }
  }

  remove(who: Who, [segment, ...more]: readonly string[]): void {
    if (segment === undefined) {
      this.#here.delete(who)
    } else if (segment === '**') {
      this.#rest.delete(who)
    } else {
      const child = this.#children.get(segment)
      child?.remove(who, more)
      if (child?.isEmpty) this.#children.delete(segment)
    }
  }

  visit(segments: readonly string[], depth: number, visit: (set: ReadonlySet<Who>) => void): void {
    const segment = segments[depth]
    if (segment === undefined) {
      visit(this.#here)
      return
    }
    visit(this.#rest)
    this.#children.get(segment)?.visit(segments, depth + 1, visit)
    this.#children.get('*')?.visit(segments, depth + 1, visit)
  }
}

function addTo<Who>(map: Map<string, Set<Who>>, key: string, who: Who): void {
  const set = map.get(key)
  if (set) set.add(who)
  else map.set(key, new Set([who]))
}
