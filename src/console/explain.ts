import type { Status } from '../client/status.ts'
import type { TransportKind } from '../protocol/messages.ts'
import { listOf, nameOf, TRANSPORTS, titleOf } from './names.ts'
import type { Attempt, Negotiation } from './negotiation.ts'
import type { Ending } from './network.ts'

/** How things stand, which colours follow: a transport's name while notifications come by it. */
export type Tone = TransportKind | 'busy' | 'bad' | 'idle'

/** How the stream is, in words. */
export interface Explanation {
  readonly tone: Tone
  /** one or two words */
  readonly badge: string
  /** two to four words */
  readonly headline: string
  /** one or two sentences */
  readonly why: string
}

/** Says how the stream is, and why it is so. */
export function explain(status: Status, negotiation: Negotiation): Explanation {
  const explanation = explainState(status, negotiation)
  const { transport } = status
  return { ...explanation, badge: transport ? titleOf(transport) : explanation.headline }
}

function explainState(status: Status, negotiation: Negotiation): Omit<Explanation, 'badge'> {
  const { state, transport, trying } = status
  switch (state) {
    case 'connecting':
      return {
        tone: 'busy',
        headline: 'Connecting',
        why:
          trying.length > 0
            ? `Trying ${listOf(trying)}. The first to bring “ready” wins.`
            : 'Asking whether the service can be reached at all.',
      }
    case 'live':
      return transport && transport !== 'tab'
        ? {
            tone: transport,
            headline: `Live over ${nameOf(transport)}`,
            why: whyThis(transport, negotiation),
          }
        : { tone: 'idle', headline: 'Live', why: 'By way of another tab.' }
    case 'offline':
      return {
        tone: 'bad',
        headline: 'Offline',
        why: 'Plain HTTP to the service fails, too. So no transport is to blame, and none is given up.',
      }
    case 'waiting':
      return status.reason === 'paused'
        ? { tone: 'idle', headline: 'Paused', why: 'No channels are chosen: add one to the feed.' }
        : { tone: 'busy', headline: 'Waiting', why: WAITING[`${status.reason}`] ?? 'It tries again soon.' }
    case 'closed':
      return { tone: 'bad', headline: 'Closed', why: CLOSED[`${status.reason}`] ?? 'The stream is over.' }
  }
}

const WAITING: Readonly<Record<string, string>> = {
  start: 'It has not begun yet.',
  lost: 'The stream was lost.',
  blocked: 'The service answers plain HTTP, but no transport passes.',
  busy: 'The service has no place for another stream just now.',
  bye: 'The service has asked this client to come back later.',
  token: 'A token is needed, and could not be had.',
}

const CLOSED: Readonly<Record<string, string>> = {
  unauthorized: 'The service refuses this client: a token is needed.',
  refused: 'The service refuses this stream for good.',
}

function whyThis(transport: TransportKind, negotiation: Negotiation): string {
  const better = TRANSPORTS.slice(0, TRANSPORTS.indexOf(transport))
  if (better.length === 0) return 'The network lets the best transport through.'
  const reasons = better.map((kind) => {
    const attempts = negotiation.by(kind)
    // One that is under way says nothing yet.
    const attempt = attempts.find(({ ending }) => ending) ?? attempts[0]
    return `${titleOf(kind)}: ${attempt ? outcome(attempt) : 'not tried'}.`
  })
  return `${reasons.join(' ')} The client looks again from time to time.`
}

/** What has become of an attempt, to follow its transport's name. */
export function outcome(attempt: Attempt): string {
  const { readyAt, answeredAt, ending, yieldedTo, transport, isBlocked } = attempt
  const met = answeredAt !== undefined ? 'not ready' : isBlocked ? 'blocked in this tab' : 'no answer'
  const winner = yieldedTo && yieldedTo !== transport ? nameOf(yieldedTo) : undefined
  if (!ending) return readyAt !== undefined ? 'ready, in use' : isBlocked ? met : `${met} yet`
  if (ending.by !== 'client') return `${readyAt === undefined ? 'failed' : 'lost'}, ${cause(ending)}`
  if (readyAt !== undefined) return winner ? `handed over to ${winner}` : 'closed'
  return winner && !isBlocked ? `${met} when ${winner} was ready` : met
}

function cause(ending: Exclude<Ending, { by: 'client' }>): string {
  switch (ending.by) {
    case 'block':
      return 'cut in this tab'
    case 'close':
      return ending.code === 1006 ? 'the connection broke' : `closed with ${ending.code}`
    case 'answer':
      return `answered with ${ending.status}`
    case 'failure':
      return 'the connection broke'
  }
}

/** How far an attempt has got: its mark in the timeline. */
export function markOf({ readyAt, endedAt, ending }: Attempt): 'trying' | 'ready' | 'done' | 'failed' {
  if (endedAt === undefined) return readyAt === undefined ? 'trying' : 'ready'
  return ending?.by === 'client' && readyAt !== undefined ? 'done' : 'failed'
}

/** How long an attempt took to be ready, or lasted, in words; empty while it is under way. */
export function lengthOf({ at, readyAt, endedAt }: Attempt): string {
  if (endedAt === undefined) return readyAt === undefined ? '' : `in ${duration(readyAt - at)}`
  return readyAt === undefined ? `after ${duration(endedAt - at)}` : `lived ${duration(endedAt - readyAt)}`
}

/** "12 ms", "1.4 s", "3 min". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}
