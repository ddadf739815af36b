import { EventEmitter, once } from 'node:events'

/** What a client tells, with the time in milliseconds since 1970. */
export type Happening =
  | { readonly kind: 'begun'; readonly at: number }
  | {
      readonly kind: 'status'
      readonly at: number
      readonly state: string
      readonly transport?: string | undefined
    }
  | { readonly kind: 'notification'; readonly at: number; readonly n: number }
  | { readonly kind: 'trouble'; readonly at: number; readonly text: string }

/** All that one client has told, in order. */
export class Record {
  readonly runtime: string
  readonly happenings: Happening[] = []
  readonly numbers: number[] = []
  /** gaps and errors, none of which is to come */
  readonly troubles: string[] = []
  readonly #news = new EventEmitter().setMaxListeners(0)

  constructor(runtime: string) {
    this.runtime = runtime
  }

  add(happening: Happening): void {
    this.happenings.push(happening)
    if (happening.kind === 'notification') this.numbers.push(happening.n)
    if (happening.kind === 'trouble') this.troubles.push(happening.text)
    this.#news.emit('news')
  }

  get isLive(): boolean {
    return this.#status?.state === 'live'
  }

  /** what notifications come by, while it is live */
  get transport(): string | undefined {
    return this.#status?.transport
  }

  /** The first happening from `after` on that `fits`. */
  find(fits: (happening: Happening) => boolean, after = 0): Happening | undefined {
    return this.happenings.find((happening) => happening.at >= after && fits(happening))
  }

  /** every status, for people to read */
  get story(): string {
    const begun = this.happenings[0]?.at ?? 0
    return this.happenings
      .flatMap((one) =>
        one.kind === 'status'
          ? [`${((one.at - begun) / 1000).toFixed(1)} ${one.transport ?? one.state}`]
          : [],
      )
      .join(', ')
  }

  /** Resolves once `holds`; rejects after `seconds` with what has happened instead. */
  async until(what: string, holds: () => boolean, seconds: number): Promise<void> {
    const signal = AbortSignal.timeout(seconds * 1000)
    while (!holds()) {
      await once(this.#news, 'news', { signal }).catch(() => {
        throw new Error(`${this.runtime}: not within ${seconds} s: ${what}; ${this.story}`)
      })
    }
  }

  get #status(): Extract<Happening, { kind: 'status' }> | undefined {
    return this.happenings.findLast((happening) => happening.kind === 'status')
  }
}

/** Says whether a client has become live, over `transport` if one is named. */
export function isLive(transport?: string): (happening: Happening) => boolean {
  return (one) =>
    one.kind === 'status' && one.state === 'live' && (transport === undefined || one.transport === transport)
}
