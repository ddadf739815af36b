import type { Effect, Moment, Reason, State, StateKind, Step } from './state.ts'
import { NEVER } from './timings.ts'

/** The longest backoff, in milliseconds. */
const BACKOFF_MOST = 20_000

/** Nothing goes on. */
export const REST: Moment = {
  attempts: [],
  opened: undefined,
  untried: [],
  hedgeAt: NEVER,
  awaiting: undefined,
  silentAt: NEVER,
  leaveAt: NEVER,
  until: NEVER,
  reason: undefined,
}

/** Leaves things as they are. */
export function stay(state: State): Step {
  return [state, []]
}

/** Enters a state: every stream is closed, and all that went on is over. */
export function enter(state: State, kind: StateKind, moment: Partial<Moment>, effects: Effect[] = []): Step {
  return [{ ...state, ...REST, kind, ...moment }, effects]
}

/** Waits before the next round, with full jitter up to twice as long after every fruitless one, and at least `atLeast` milliseconds. */
export function backOff(state: State, reason: Reason | undefined, atLeast = 0): Step {
  const most = Math.min(BACKOFF_MOST, state.timings.backoff * 2 ** state.rounds)
  const until = state.time + atLeast + state.chance * most
  return enter({ ...state, rounds: state.rounds + 1 }, reason ? 'waiting' : 'offline', { until, reason })
}

/** Ends it for good. */
export function finish(state: State, reason: Reason): Step {
  return enter(state, 'closed', { reason })
}
