import type { Teardown } from '../../test/support/nats.ts'

/**
 * Runs `work` with something that takes what must be ended after it, as tests have it; ends all that in reverse order, also when
 * the work fails.
 */
export async function withEnds<Value>(work: (ends: Teardown) => Promise<Value>): Promise<Value> {
  const ends: (() => unknown)[] = []
  try {
    return await work({ teardown: (end: () => unknown) => ends.unshift(end) } as Teardown)
  } finally {
    for (const end of ends) await end()
  }
}
