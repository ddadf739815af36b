import type { ClientTransport, Reason, State, StateKind } from './machine/state.ts'

/** How the stream is, for people to see. */
export interface Status {
  readonly state: StateKind
  /** what notifications come by, while `live` */
  readonly transport: ClientTransport | undefined
  /** the transports that are being tried: to begin with, or because they are better than the one in use */
  readonly trying: readonly ClientTransport[]
  /** why it is `waiting` or `closed` */
  readonly reason: Reason | undefined
  /** while `waiting` or `offline`, when it tries again, in milliseconds since 1970; Infinity otherwise */
  readonly until: number
}

/** What people need to know of a state. */
export function statusOf({ kind, attempts, reason, until }: State): Status {
  const trying = attempts.map(({ transport }) => transport)
  const transport = kind === 'live' ? trying.shift() : undefined
  return { state: kind, transport, trying, reason, until }
}
