import type { Status } from '../client/status.ts'
import type { TransportKind } from '../protocol/messages.ts'
import type { Ending, NetworkEvents } from './network.ts'

/** One try to open a stream. Times are milliseconds since 1970. */
export interface Attempt {
  readonly kind: 'attempt'
  readonly id: number
  readonly transport: TransportKind
  readonly at: number
  /** this tab's switches let nothing of it through */
  readonly isBlocked: boolean
  /** when the other side answered */
  answeredAt?: number
  /** when notifications began to come by it */
  readyAt?: number
  endedAt?: number
  ending?: Ending
  /** the transport that was preferred to it, where the client ended it */
  yieldedTo?: TransportKind
}

/** Something that was said between attempts. */
export interface Remark {
  readonly kind: 'remark'
  readonly id: number
  readonly at: number
  readonly tone: 'bad' | 'idle'
  readonly text: string
}

export type Entry = Attempt | Remark

/** So many entries are remembered; the oldest goes first. */
const MOST_ENTRIES = 60

/** What this tab has tried, newest first: puts together what is seen on the network, and what the SDK says. */
export class Negotiation implements NetworkEvents {
  readonly #now: () => number
  readonly #changed: () => void
  #entries: readonly Entry[] = []
  #serial = 0

  constructor(now: () => number, changed: () => void) {
    this.#now = now
    this.#changed = changed
  }

  /** newest first */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  /** The attempts by `transport`, newest first. */
  by(transport: TransportKind): readonly Attempt[] {
    return this.#attempts().filter((attempt) => attempt.transport === transport)
  }

  began(transport: TransportKind, isBlocked: boolean): number {
    return this.#add({ kind: 'attempt', id: ++this.#serial, transport, at: this.#now(), isBlocked })
  }

  answered(id: number): void {
    const attempt = this.#attempts().find((attempt) => attempt.id === id)
    if (attempt) attempt.answeredAt ??= this.#now()
    this.#changed()
  }

  ended(id: number, ending: Ending): void {
    const attempt = this.#attempts().find((attempt) => attempt.id === id)
    if (attempt) Object.assign(attempt, { endedAt: this.#now(), ending })
    this.#changed()
  }

  /** The SDK says how the stream is: what is in use is ready, and what it closed had to yield to that. */
  status({ state, transport }: Status): void {
    if (state !== 'live' || !transport || transport === 'tab') return
    const [used] = this.by(transport)
    if (used && used.endedAt === undefined) used.readyAt ??= this.#now()
    for (const attempt of this.#attempts()) {
      if (attempt.ending?.by === 'client') attempt.yieldedTo ??= transport
    }
    this.#changed()
  }

  remark(tone: Remark['tone'], text: string): void {
    this.#add({ kind: 'remark', id: ++this.#serial, at: this.#now(), tone, text })
  }

  #attempts(): Attempt[] {
    return this.#entries.filter((entry) => entry.kind === 'attempt')
  }

  #add(entry: Entry): number {
    this.#entries = [entry, ...this.#entries].slice(0, MOST_ENTRIES)
    this.#changed()
    return entry.id
  }
}
