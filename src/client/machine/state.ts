import type { TransportKind } from '../../protocol/messages.ts'
import type { Timings } from './timings.ts'

/** How notifications reach this client: by a transport of its own, or by way of another tab. */
export type ClientTransport = TransportKind | 'tab'

/**
 * `connecting`: transports are tried, the first `ready` wins. `live`: notifications come. `waiting`: it tries again later, and nothing
 * is wrong with the network as such. `offline`: the service can't be reached by plain HTTP either. `closed`: it is over.
 */
export type StateKind = 'connecting' | 'live' | 'waiting' | 'offline' | 'closed'

/** Why it is waiting, or over. */
export type Reason =
  | 'lost'
  | 'blocked'
  | 'busy'
  | 'bye'
  | 'token'
  | 'paused'
  | 'closed'
  | 'unauthorized'
  | 'refused'

/** A stream that was opened. */
export interface Attempt {
  readonly id: number
  readonly transport: ClientTransport
  /** what its request says of a better transport that was opened before it (PROTOCOL P-150); may be empty */
  readonly via: string
  /** when it is given up, if it has not said `ready` by then; Infinity once it has */
  readonly lateAt: number
}

/** A transport that has failed: it is not the first choice before `aloneUntil`. `aloneFor` is the pause in milliseconds, and grows. */
export interface Doubt {
  readonly aloneUntil: number
  readonly aloneFor: number
}

/** What doesn't change. */
export interface Rules {
  readonly timings: Timings
  /** best first; the last is the floor, which is never in doubt */
  readonly transports: readonly ClientTransport[]
  /** whether a new token can be had */
  readonly renewable: boolean
}

/** What has been learnt, whatever happens next. */
export interface Learnt {
  readonly doubts: Readonly<Partial<Record<ClientTransport, Doubt>>>
  /** the longest silence that the network stands, where that is known: a second or more */
  readonly quiet: number | undefined
  /** how long the last stream that died had been silent: two alike are a time-out on the way */
  readonly lastIdle: number
  /** the last attempt's id */
  readonly serial: number
  /** fruitless rounds in a row */
  readonly rounds: number
  /** when a new token is needed: 0 is before anything else, Infinity is never */
  readonly renewAt: number
  /** the token is new because the one before was refused */
  readonly renewed: boolean
}

/** What goes on at the moment; what doesn't apply is empty, `undefined` or, of times, Infinity. */
export interface Moment {
  /** the streams that are open. While live, the first is in use, and a second is a better transport on trial. */
  readonly attempts: readonly Attempt[]
  /** the transport that was opened last */
  readonly opened: ClientTransport | undefined
  /** connecting: what has not been tried in this round, in order */
  readonly untried: readonly ClientTransport[]
  /** connecting: when the next of them starts beside the others */
  readonly hedgeAt: number
  /** connecting: what must come first, a token or the word whether the service can be reached at all */
  readonly awaiting: 'token' | 'check' | undefined
  /** live: when silence means that the stream has failed */
  readonly silentAt: number
  /** live: when the server wants the client to come back, after a `bye` */
  readonly leaveAt: number
  /** waiting and offline: when it tries again; connecting: when the token that is awaited is not waited for any longer */
  readonly until: number
  readonly reason: Reason | undefined
}

/** The whole state; immutable. Times are milliseconds since 1970. */
export interface State extends Rules, Learnt, Moment {
  readonly kind: StateKind
  /** when the event that is dealt with happened, and the random number from [0, 1) that came with it */
  readonly time: number
  readonly chance: number
  /** of the stream in use, or the last one: when it became ready, was last heard of, and how long it may be silent */
  readonly readyAt: number
  readonly heardAt: number
  readonly heartbeat: number
}

/**
 * How a stream ended: `failed`, nobody said why; `planned`, the server closed it on purpose; `busy`, there is no place just now;
 * `unauthorized`, the token is not good (any more); `refused`, the client must change something first.
 */
export type LossCause = 'failed' | 'planned' | 'busy' | 'unauthorized' | 'refused'

/** What can happen. Events of attempts that are no more are ignored. */
export type Event =
  | { readonly kind: 'ready'; readonly id: number; readonly heartbeat: number }
  | { readonly kind: 'heard'; readonly id: number }
  | { readonly kind: 'bye'; readonly id: number; readonly retryAfter: number }
  | { readonly kind: 'lost'; readonly id: number; readonly cause: LossCause; readonly retryAfter?: number }
  /** plain HTTP to the service was tried */
  | { readonly kind: 'checked'; readonly reachable: boolean }
  /** a new token is there, and the next one due at `renewAt`; `undefined`: it could not be had */
  | { readonly kind: 'token'; readonly renewAt: number | undefined }
  /** the set of channels is another */
  | { readonly kind: 'channels' }
  /** the network may have changed: on- or offline, another link, or the page is seen again */
  | { readonly kind: 'nudge' }
  /** the application wants nothing, or takes no more, for now */
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** a deadline has come */
  | { readonly kind: 'tick' }
  | { readonly kind: 'close' }

/** The event of one kind. */
export type EventOf<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>

/** What is to be done, besides opening what is among the attempts and closing what is not any more. */
export type Effect =
  /** from here on, notifications come from this attempt */
  | { readonly kind: 'use'; readonly id: number }
  /** send the channels as they are now, the new token, or a ping on the stream in use */
  | { readonly kind: 'channels' | 'token' | 'ping' }
  /** ask by plain HTTP whether the service can be reached */
  | { readonly kind: 'check' }
  /** fetch a new token */
  | { readonly kind: 'renew' }
  /** keep for the next visit what works here */
  | { readonly kind: 'remember' }

/** The next state, and what is to be done on the way there, in order. */
export type Step = readonly [State, readonly Effect[]]
