import { setTimeout } from 'node:timers/promises'
import { Failure } from './failure.ts'

/** The first wait before another try, in milliseconds; twice as long each time, up to the longest. A service may say otherwise. */
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

/** How long something is tried. */
export interface Patience {
  /** no try begins after it, by `performance.now()` */
  readonly deadline: number
  /** ends it, between two tries as well */
  readonly signal?: AbortSignal
  /** is told that it did not go well, and is tried again in `wait` milliseconds */
  readonly retrying?: (failure: Failure, wait: number) => void
}

/**
 * Tries until it goes well.
 * @throws what `attempt` throws, when that is no Failure that may pass, or could not be tried again in time
 */
export async function persist<Answer>(
  attempt: () => Promise<Answer>,
  { deadline, signal, retrying }: Patience,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Failure && error.isPassing) || signal?.aborted) throw error
      const wait = waitAfter(tries, error.retryAfter, Math.random())
      if (performance.now() + wait > deadline) throw error
      retrying?.(error, wait)
      await setTimeout(wait, undefined, signal && { signal })
    }
  }
}

/**
 * How long to wait after so many tries, in milliseconds: as long as the service says, or longer each time.
 * @param random from 0 to 1: others were told to wait by the same failure, and must not all come back at once
 */
export function waitAfter(tries: number, retryAfter: number | undefined, random: number): number {
  if (retryAfter !== undefined) return retryAfter * (1 + random / 4)
  return Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS) * (0.5 + random / 2)
}

/**
 * The header `Retry-After` in milliseconds from `now` on, milliseconds since 1970: it is seconds or a date (RFC 9110 §10.2.3).
 * `undefined` where there is none, or none that can be understood.
 */
export function retryAfterOf({ headers }: Response, now = Date.now()): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(delay) ? undefined : Math.max(0, delay)
}
