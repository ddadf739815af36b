import { betterThan, doubt, forgive, inOrder } from './doubts.ts'
import { backOff, enter, finish, stay } from './enter.ts'
import type { Attempt, ClientTransport, EventOf, State, Step } from './state.ts'
import { NEVER } from './timings.ts'

/** Starts a round: the most promising transport at once, the others beside it one by one. A token that is needed comes first. */
export function begin(state: State): Step {
  if (state.renewAt <= state.time) {
    const until = state.time + state.timings.ready
    return enter(state, 'connecting', { awaiting: 'token', until }, [{ kind: 'renew' }])
  }
  const [next] = enter(state, 'connecting', { untried: inOrder(state) })
  return tryNext(next)
}

/** Begins anew, unless it waits for a token anyway. */
export function restart(state: State): Step {
  return state.awaiting === 'token' ? stay(state) : begin(state)
}

/** The token was refused: a new one is fetched, once, and never is a stream opened without. */
export function reauthorize(state: State): Step {
  return state.renewable && !state.renewed
    ? begin({ ...state, renewAt: 0, renewed: true })
    : finish(state, 'unauthorized')
}

/** Opens one stream more, which has `patience` milliseconds to say `ready`. */
export function openNext(state: State, transport: ClientTransport, patience = state.timings.ready): Step {
  const { serial, attempts, time } = state
  const attempt = { id: serial + 1, transport, via: viaOf(state, transport), lateAt: time + patience }
  return stay({ ...state, serial: attempt.id, opened: transport, attempts: [...attempts, attempt] })
}

/** What has become of the transport that was opened last, if it is a better one: so each is told of once. A tab is no matter of the network. */
function viaOf(state: State, transport: ClientTransport): string {
  const { opened, attempts } = state
  if (!opened || opened === 'tab' || !betterThan(state, transport).includes(opened)) return ''
  return `${opened}.${attempts.some((attempt) => attempt.transport === opened) ? 'silent' : 'failed'}`
}

/** The first `ready` wins. What is better and was tried in vain is in doubt. */
export function win(state: State, event: EventOf<'ready'>): Step {
  const winner = state.attempts.find(({ id }) => id === event.id)
  if (!winner) return stay(state)
  const losers = betterThan(state, winner.transport).filter((kind) => !state.untried.includes(kind))
  return goLive(losers.reduce(doubt, state), winner, event.heartbeat)
}

/** Takes notifications from `attempt` from here on, and closes what else is open. */
export function goLive(state: State, attempt: Attempt, heartbeat: number): Step {
  const { time, timings } = state
  return enter(
    { ...state, readyAt: time, heardAt: time, heartbeat, renewed: false },
    'live',
    { attempts: [{ ...attempt, lateAt: NEVER }], silentAt: time + heartbeat + timings.margin },
    [{ kind: 'use', id: attempt.id }, { kind: 'remember' }],
  )
}

/** An attempt has ended before it was ready. */
export function loseAttempt(state: State, { id, cause, retryAfter }: EventOf<'lost'>): Step {
  const left = { ...state, attempts: state.attempts.filter((attempt) => attempt.id !== id) }
  if (left.attempts.length === state.attempts.length) return stay(state)
  return cause === 'failed' || cause === 'planned' ? tryNext(left) : turnedAway(left, cause, retryAfter)
}

/** The service has answered, and not with a stream: that says nothing about the network. */
export function turnedAway(
  state: State,
  cause: 'busy' | 'unauthorized' | 'refused',
  retryAfter?: number,
): Step {
  if (cause === 'busy') return backOff(state, cause, retryAfter)
  return cause === 'refused' ? finish(state, cause) : reauthorize(state)
}

/** A deadline has come: a token is not waited for any longer, the next transport starts beside the others, or one has had its time. */
export function hurry(state: State): Step {
  if (state.until <= state.time) return backOff(state, 'token')
  const late = state.attempts.find(({ lateAt }) => lateAt <= state.time)
  if (!late) return state.hedgeAt <= state.time ? tryNext(state) : stay(state)
  return loseAttempt(state, { kind: 'lost', id: late.id, cause: 'failed' })
}

/**
 * Everything has failed; now it is known whether the service can be reached at all. When not, no transport is to blame. When so, a new
 * token is fetched: where there is WebSocket alone, a 401 looks like any failure.
 */
export function conclude(state: State, { reachable }: EventOf<'checked'>): Step {
  if (state.awaiting !== 'check') return stay(state)
  if (!reachable) return backOff(state, undefined)
  return backOff({ ...forgive(state), renewAt: state.renewable ? 0 : NEVER }, 'blocked')
}

/** A token is there, or could not be had. */
export function takeToken(state: State, event: EventOf<'token'>): Step {
  const [next] = keepToken(state, event)
  if (state.awaiting !== 'token') return stay(next)
  return event.renewAt === undefined ? backOff(next, 'token') : begin(next)
}

/** Keeps when the next token is due; one that could not be had is due before anything else. */
export function keepToken(state: State, { renewAt = 0 }: EventOf<'token'>): Step {
  return stay({ ...state, renewAt })
}

/** Begins when a pause is over. */
export function beginWhenDue(state: State): Step {
  return state.until <= state.time ? begin(state) : stay(state)
}

function tryNext(state: State): Step {
  const [transport, ...untried] = state.untried
  const next = { ...state, untried, hedgeAt: untried.length > 0 ? state.time + state.timings.hedge : NEVER }
  if (transport) return openNext(next, transport)
  return state.attempts.length > 0 ? stay(next) : [{ ...next, awaiting: 'check' }, [{ kind: 'check' }]]
}
