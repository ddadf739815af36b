import type { LogOptions } from '../log.ts'
import { identityOf, sizeOf } from '../notification.ts'
import type { State, Store } from './store.ts'

/** The most notifications, and identities, that one transaction takes away: some ten milliseconds of the event loop. */
const SLICE = 2000

/** Says whether an identity stored at `time` is out of the idempotency window. */
export function isForgotten(time: number, { idempotencySeconds }: LogOptions, now: number): boolean {
  return time <= now - idempotencySeconds * 1000
}

/**
 * Takes a slice of the notifications that retention no longer covers. To be called in a transaction.
 *
 * @param state moved on accordingly
 * @returns whether more is due
 */
export function takeOld(store: Store, state: State, options: LogOptions, now: number): boolean {
  for (let taken = 0; state.first <= state.last; taken++) {
    const oldest = store.get(state.first)
    const isDue = state.bytes > options.retentionBytes || oldest.time <= now - options.retentionSeconds * 1000
    if (!isDue || taken === SLICE) return isDue
    store.remove(oldest)
    if (oldest.position > state.forgotten) store.outlive({ ...oldest, identity: identityOf(oldest) })
    state.first++
    state.bytes -= sizeOf(oldest)
  }
  return false
}

/**
 * Forgets a slice of the identities that the idempotency window no longer covers. To be called in a transaction.
 *
 * Identities may outlive notifications that retention takes early, so they have an end of their own.
 *
 * @param state moved on accordingly
 * @returns whether more is due
 */
export function forgetOld(store: Store, state: State, options: LogOptions, now: number): boolean {
  for (let forgotten = 0; state.forgotten < state.last; forgotten++) {
    const oldest = store.identityAt(state.forgotten + 1)
    const isDue = isForgotten(oldest.time, options, now)
    if (!isDue || forgotten === SLICE) return isDue
    store.forget(oldest)
    state.forgotten++
  }
  return false
}
