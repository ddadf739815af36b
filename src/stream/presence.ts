import type { Peers } from '../log/peers.ts'
import { isReserved, matchesSegments } from '../protocol/channel.ts'
import type { ChannelPresence } from '../protocol/presence.ts'
import { Firsts } from './firsts.ts'
import type { Hub } from './hub.ts'

/** What instances ask each other: how many subscribers channels have, or which channels there are behind one, in order. */
type Question =
  | { readonly kind: 'counts'; readonly channels: readonly string[] }
  | { readonly kind: 'names'; readonly pattern: string; readonly after: string; readonly limit: number }

/** Some of the channels, in order. */
export interface Page {
  readonly channels: readonly ChannelPresence[]
  /** the last that was looked at; `undefined` when there are no more */
  readonly next: string | undefined
}

/**
 * Who is there, on all instances that share the log: each counts its own, and whoever is asked asks the others. Nothing is kept or
 * stored for it, so that it costs nothing as long as nobody asks.
 */
export class Presence {
  readonly #hub: Hub
  readonly #peers: Peers

  constructor(hub: Hub, peers: Peers) {
    this.#hub = hub
    this.#peers = peers
    peers.answer((question) => this.#answer(question as Question))
  }

  /** How many subscribers each channel has, by name or by pattern. Throws LogUnavailable. */
  async counts(channels: readonly string[]): Promise<number[]> {
    const answers = (await this.#ask({ kind: 'counts', channels })) as number[][]
    return channels.map((_, i) => answers.reduce((sum, counts) => sum + (counts[i] ?? 0), 0))
  }

  /**
   * The channels behind `after`, by code unit, that `pattern` stands for and somebody has subscribed to by name, and how many have, by name or
   * by pattern. Throws LogUnavailable.
   */
  async list(pattern: string, after: string, limit: number): Promise<Page> {
    const answers = (await this.#ask({ kind: 'names', pattern, after, limit: limit + 1 })) as string[][]
    const names = [...new Set(answers.flat())].sort()
    const page = names.slice(0, limit)
    const counts = page.length > 0 ? await this.counts(page) : []
    return {
      // Somebody may have gone in between.
      channels: page.flatMap((channel, i) => {
        const subscribers = counts[i] ?? 0
        return subscribers > 0 ? [{ channel, subscribers }] : []
      }),
      next: names.length > limit ? page.at(-1) : undefined,
    }
  }

  async #ask(question: Question): Promise<unknown[]> {
    return [this.#answer(question), ...(await this.#peers.ask(question))]
  }

  #answer(question: Question): unknown {
    const { lingering } = this.#hub
    lingering.expire(this.#hub.clock.now())
    if (question.kind === 'counts') {
      return question.channels.map((channel) => this.#hub.count(channel) + lingering.count(channel))
    }
    const { pattern, after, limit } = question
    const wanted = pattern.split(':')
    const firsts = new Firsts(limit)
    for (const names of [this.#hub.names(), lingering.names()]) {
      for (const name of names) {
        if (
          name > after &&
          firsts.mayAdd(name) &&
          !isReserved(name) &&
          matchesSegments(wanted, name.split(':'))
        ) {
          firsts.add(name)
        }
      }
    }
    return firsts.all()
  }
}
