import { begin, goLive, openNext, turnedAway } from './connecting.ts'
import { betterThan, diedYoung, doubt, doubtedUntil, forgive, trust } from './doubts.ts'
import { backOff, stay } from './enter.ts'
import type { Attempt, EventOf, State, Step } from './state.ts'
import { NEVER } from './timings.ts'

/** Silences before deaths that differ by less than this part are one and the same time-out on the way. */
const ALIKE = 0.25
/** How soon a stream must be heard of when the network may have changed, in milliseconds. */
const SUSPECT_MS = 5_000
/** A better transport that takes longer than this is none, in milliseconds: `ready` may have waited for a proxy's buffer to fill. */
const PATIENCE_MS = 3_000
/** From this on, a silence before a death may be what it died of, in milliseconds. */
const IDLE_MS = 2_000

/** The stream has been heard of. */
export function hear(state: State, { id }: EventOf<'heard'>): Step {
  if (id !== used(state).id) return stay(state)
  const silentAt = state.time + state.heartbeat + state.timings.margin
  return stay({ ...state, heardAt: state.time, silentAt })
}

/** The server has announced that it will close the stream; until then it serves it. */
export function sayBye(state: State, { id, retryAfter }: EventOf<'bye'>): Step {
  return stay(id === used(state).id ? { ...state, leaveAt: state.time + retryAfter } : state)
}

/** The better transport works: it takes over, and the old stream goes. That one was no fruitless round, however young. */
export function handOver(state: State, { id, heartbeat }: EventOf<'ready'>): Step {
  const [, probe] = state.attempts
  return probe?.id === id ? goLive({ ...state, rounds: 0 }, probe, heartbeat) : stay(state)
}

/** The stream has ended, or what was on trial beside it. */
export function loseStream(state: State, { id, cause, retryAfter }: EventOf<'lost'>): Step {
  const [, probe] = state.attempts
  if (probe?.id === id) return stay(withoutProbe(state))
  if (id !== used(state).id) return stay(state)
  if (cause === 'planned' || (cause === 'failed' && state.leaveAt < NEVER)) return comeBack(state)
  return cause === 'failed' ? die(state) : turnedAway(state, cause, retryAfter)
}

/** The set of channels is another: told in place where there is a way back, else by a new stream at the cursor. */
export function changeChannels(state: State): Step {
  const { transport } = used(state)
  if (transport !== 'websocket' && transport !== 'tab') return begin(state)
  return [{ ...state, attempts: [used(state)] }, [{ kind: 'channels' }]]
}

/** A new token is there, or could not be had and is asked for again soon. Long polls take it up by themselves. */
export function takeToken(state: State, { renewAt }: EventOf<'token'>): Step {
  const next = { ...state, renewAt: renewAt ?? state.time + SUSPECT_MS }
  if (renewAt === undefined) return stay(next)
  return used(state).transport === 'sse' ? begin(next) : [next, [{ kind: 'token' }]]
}

/** The network may be another: everything is worth a look, and the stream must show soon that it lives, if it can be asked. */
export function suspect(state: State): Step {
  const next = forgive(state)
  if (used(state).transport !== 'websocket') return stay(next)
  const silentAt = Math.min(state.silentAt, state.time + SUSPECT_MS)
  return [{ ...next, silentAt }, [{ kind: 'ping' }]]
}

/** A deadline has come. */
export function watch(state: State): Step {
  const { time } = state
  if (state.silentAt <= time) {
    // A tick that is this late means that the machine has slept: that the stream is gone says nothing about its transport.
    return time - state.silentAt > SUSPECT_MS
      ? begin(state)
      : backOff(doubt(matured(state), used(state).transport), 'lost')
  }
  if (state.leaveAt <= time) return begin(state)
  // Asked again, if that brings nothing by then.
  if (state.renewAt <= time) return [{ ...state, renewAt: time + state.timings.ready }, [{ kind: 'renew' }]]
  const [{ transport }, probe] = [used(state), state.attempts[1]]
  if (probe) return stay(probe.lateAt <= time ? withoutProbe(state) : state)
  const better = betterThan(state, transport).find((kind) => doubtedUntil(state, kind) <= time)
  return better ? openNext(state, better, PATIENCE_MS) : stay(state)
}

/** When a better transport is looked at, or given up. */
export function probeAt(state: State): number {
  const [stream, probe] = state.attempts
  if (!stream || probe) return probe?.lateAt ?? NEVER
  return Math.min(...betterThan(state, stream.transport).map((kind) => doubtedUntil(state, kind)))
}

/** The stream that notifications come from. */
function used({ attempts }: State): Attempt {
  return attempts[0] as Attempt
}

function withoutProbe(state: State): State {
  const [stream, probe] = state.attempts
  return stream && probe ? doubt({ ...state, attempts: [stream] }, probe.transport) : state
}

function isYoung({ time, readyAt, timings }: State): boolean {
  return time - readyAt < timings.young
}

/** What the stream's age says: one that has lived long enough is trusted, and the rounds before it were not fruitless. */
function matured(state: State): State {
  return isYoung(state) ? state : trust({ ...state, rounds: 0 }, used(state).transport)
}

/** The server has closed the stream on purpose: back when it said. A server that does so all the time is not pressed. */
function comeBack(state: State): Step {
  const left = state.leaveAt - state.time
  if (left > 0 && left < NEVER) return backOff(matured(state), 'bye', left)
  return isYoung(state) ? backOff(state, 'lost') : begin(matured(state))
}

/** The stream is gone, and nobody has said why: what does that say about its transport and the way to the service? */
function die(before: State): Step {
  const state = matured(before)
  const { transport } = used(state)
  const idle = state.time - state.heardAt
  const blamed = isYoung(state) ? diedYoung(state, transport) : state
  // Over SSE only the server can speak: nothing here keeps it from falling silent.
  if (idle < IDLE_MS || transport === 'sse') return backOff(blamed, 'lost')

  const isAlike = Math.abs(idle - state.lastIdle) < idle * ALIKE
  const quiet = isAlike ? idle / 2 : state.quiet
  return backOff({ ...state, lastIdle: idle, quiet }, 'lost')
}
