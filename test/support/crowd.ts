import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Target } from './clients/requests.ts'
import type { Teardown } from './nats.ts'
import type { Acknowledged } from './traffic.ts'
import type { Verdict } from './verdict.ts'

const PROCESS = fileURLToPath(new URL('./crowd-process.ts', import.meta.url))

/** Clients that share a channel, so that 200 publishes a second are 2,000 deliveries: what two cores can carry besides all else. */
const SHARING = 10

/** How a crowd gets on. */
export interface Progress {
  /** when each stream of each client was opened, in milliseconds since 1970 */
  readonly openings: readonly number[]
  /** how many streams were told that they will be closed */
  readonly byes: number
  /** the longest that the crowd's process had no time for its clients since it was last asked, in seconds */
  readonly late: number
  /** how many notifications the one with the fewest has got */
  readonly least: number
}

/** What became of a crowd. */
export interface Reckoning {
  /** of all clients together */
  readonly verdict: Verdict
  readonly deliveries: number
}

/** What a crowd is asked: how it gets on, or what it makes of all that was acknowledged. */
export type Question = Record<string, never> | { readonly acknowledged: readonly Acknowledged[] }

/** Many clients, a third of them of each transport, in a process of their own. */
export interface Crowd {
  /** what they follow, each one of these */
  readonly channels: readonly string[]
  progress(): Promise<Progress>
  /** Waits until all have what was acknowledged, and compares. */
  reckon(acknowledged: readonly Acknowledged[]): Promise<Reckoning>
}

/** The channels of a crowd with so many clients of each transport. */
export function channelsOf(countOfEach: number): string[] {
  return Array.from({ length: (countOfEach * 3) / SHARING }, (_, n) => `crowd:${n}`)
}

/** Has so many clients of each transport come to `target`, and come back there; resolves when all have a stream. They go when the test ends. */
export async function gather(t: Teardown, { url }: Target, countOfEach: number): Promise<Crowd> {
  const child = fork(PROCESS, [url, `${countOfEach}`], { execArgv: ['--import=tsx'] })
  const ended = once(child, 'exit')
  t.teardown(() => {
    child.kill()
    return ended
  })
  const failed = ended.then(([code]) => {
    throw new Error(`the crowd ended with ${code}`)
  })
  const answer = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), failed]))[0]
  const ask = (question: Question): Promise<unknown> => {
    child.send(question)
    return answer()
  }
  // Once it has ended there is nothing more to ask.
  failed.catch(() => {})
  await answer()
  return {
    channels: channelsOf(countOfEach),
    progress: () => ask({}) as Promise<Progress>,
    reckon: (acknowledged) => ask({ acknowledged }) as Promise<Reckoning>,
  }
}
