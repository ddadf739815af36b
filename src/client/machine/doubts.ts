import type { ClientTransport, Doubt, State } from './state.ts'

/** By how much the pause grows: what heals is found within half the time that it was broken. */
const GROWTH = 1.5

/** The longest pause, in milliseconds. */
const PAUSE_MOST = 300_000

/** When `transport` may be tried as well as any other. */
export function doubtedUntil({ doubts }: State, transport: ClientTransport): number {
  return doubts[transport]?.aloneUntil ?? 0
}

/** All transports in the order in which a round tries them: those in doubt come last. */
export function inOrder(state: State): ClientTransport[] {
  const isDoubted = (transport: ClientTransport) => Number(doubtedUntil(state, transport) > state.time)
  return [...state.transports].sort((a, b) => isDoubted(a) - isDoubted(b))
}

/** The transports that are better than `transport`, best first. */
export function betterThan({ transports }: State, transport: ClientTransport): readonly ClientTransport[] {
  return transports.slice(0, transports.indexOf(transport))
}

/** `transport` does not work for now: it is looked at again after a pause that grows each time. */
export function doubt(state: State, transport: ClientTransport): State {
  const before = state.doubts[transport]
  const aloneFor = before ? Math.min(PAUSE_MOST, before.aloneFor * GROWTH) : state.timings.probe
  return withDoubt(state, transport, {
    aloneUntil: state.time + aloneFor * (0.75 + state.chance / 2),
    aloneFor,
  })
}

/** `transport` has died young. The first time may be chance; if there was a doubt before, it is in doubt again. */
export function diedYoung(state: State, transport: ClientTransport): State {
  return state.doubts[transport]
    ? doubt(state, transport)
    : withDoubt(state, transport, { aloneUntil: 0, aloneFor: state.timings.probe / GROWTH })
}

/** There is no doubt about `transport` any more. */
export function trust(state: State, transport: ClientTransport): State {
  return withDoubt(state, transport)
}

/** Every transport is worth a look: the network may be another. */
export function forgive(state: State): State {
  return { ...state, doubts: {} }
}

function withDoubt(state: State, transport: ClientTransport, its?: Doubt): State {
  const { [transport]: _, ...doubts } = state.doubts
  if (!its || transport === state.transports.at(-1)) return { ...state, doubts }
  return { ...state, doubts: { ...doubts, [transport]: its } }
}
