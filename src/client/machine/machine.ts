import * as connecting from './connecting.ts'
import { forgive } from './doubts.ts'
import { enter, finish, REST, stay } from './enter.ts'
import * as live from './live.ts'
import type { ClientTransport, Doubt, Event, EventOf, Rules, State, StateKind, Step } from './state.ts'
import { NEVER } from './timings.ts'

/** One transition for each kind of state and each kind of event: a table with a hole does not compile. */
type Table = {
  readonly [S in StateKind]: { readonly [E in Event['kind']]: (state: State, event: EventOf<E>) => Step }
}

const pause = (state: State): Step => enter(state, 'waiting', { reason: 'paused' })
const close = (state: State): Step => finish(state, 'closed')

/** What the server has asked for stands, and a paused stream waits for the application. */
const unlessAsked = (state: State): Step =>
  /bye|busy|paused/.test(`${state.reason}`) ? stay(state) : connecting.begin(state)

/** A state in which nothing is open, and nothing more is to come. */
const OVER: Table['closed'] = {
  ready: stay,
  heard: stay,
  bye: stay,
  lost: stay,
  checked: stay,
  token: stay,
  channels: stay,
  nudge: stay,
  pause: stay,
  resume: stay,
  tick: stay,
  close: stay,
}

/** A state in which nothing is open until it is time to try again. */
const RESTING: Table['waiting'] = {
  ...OVER,
  token: connecting.keepToken,
  nudge: unlessAsked,
  pause,
  resume: (state) => (state.reason === 'paused' ? connecting.begin(state) : stay(state)),
  tick: connecting.beginWhenDue,
  close,
}

const TABLE: Table = {
  connecting: {
    ready: connecting.win,
    heard: stay,
    bye: stay,
    lost: connecting.loseAttempt,
    checked: connecting.conclude,
    token: connecting.takeToken,
    channels: connecting.restart,
    nudge: (state) => connecting.restart(forgive(state)),
    pause,
    resume: stay,
    tick: connecting.hurry,
    close,
  },
  live: {
    ready: live.handOver,
    heard: live.hear,
    bye: live.sayBye,
    lost: live.loseStream,
    checked: stay,
    token: live.takeToken,
    channels: live.changeChannels,
    nudge: live.suspect,
    pause,
    resume: stay,
    tick: live.watch,
    close,
  },
  waiting: RESTING,
  offline: RESTING,
  closed: OVER,
}

/** What is known from before. */
export interface Beginning extends Rules {
  readonly doubts?: Readonly<Partial<Record<ClientTransport, Doubt>>>
  /** the longest silence that the network stands, in milliseconds */
  readonly quiet?: number | undefined
}

/** How a client begins: the first `resume` starts it. */
export function initial({ renewable, ...known }: Beginning): State {
  return {
    ...REST,
    doubts: {},
    quiet: undefined,
    ...known,
    kind: 'waiting',
    reason: 'paused',
    lastIdle: 0,
    serial: 0,
    rounds: 0,
    renewable,
    renewAt: renewable ? 0 : NEVER,
    renewed: false,
    time: 0,
    chance: 0,
    readyAt: 0,
    heardAt: 0,
    heartbeat: 0,
  }
}

/**
 * One step: the next state, and what is to be done on the way there. Nothing but the arguments decides.
 *
 * @param time milliseconds since 1970
 * @param chance from [0, 1)
 */
export function step(state: State, event: Event, time: number, chance: number): Step {
  const transition = TABLE[state.kind][event.kind] as (state: State, event: Event) => Step
  return transition({ ...state, time, chance }, event)
}

/** When `tick` must come next; Infinity when there is nothing to wait for. */
export function deadline(state: State): number {
  return Math.min(
    state.hedgeAt,
    state.silentAt,
    state.leaveAt,
    state.until,
    ...state.attempts.map((attempt) => attempt.lateAt),
    ...(state.kind === 'live' ? [state.renewAt, live.probeAt(state)] : []),
  )
}
