import type { ProblemDetail } from '../protocol/problem.ts'

/** What is known of an answer that was no success. */
export interface Refusal {
  /** HTTP status; `undefined` when there was no answer, or none that can be understood */
  readonly status?: number
  /** how long to wait before the next try, in milliseconds, where the service has said so */
  readonly retryAfter?: number | undefined
  /** what in the request is wrong, one by one */
  readonly details?: readonly ProblemDetail[]
}

/**
 * The statuses after which the same request may go well later. Behind all others stands something that has to be changed first. An id makes
 * it safe: what was stored before its answer was lost is not stored again.
 */
const PASSING: ReadonlySet<number> = new Set([
  408, // `request-timeout`
  425, // a proxy would not send on early data (RFC 8470)
  429, // `too-many-requests`
  500, // `internal`
  502, // a proxy could not reach the service
  503, // `log-unavailable`, `keys-unavailable`, `draining`
  504, // a proxy had no answer in time
])

/** The service could not be reached, or would not do it. */
export class Failure extends Error {
  readonly status: number | undefined
  readonly retryAfter: number | undefined
  readonly details: readonly ProblemDetail[]

  constructor(message: string, { status, retryAfter, details = [] }: Refusal = {}) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
    this.details = details
  }

  /** The same may go well later. */
  get isPassing(): boolean {
    return this.status === undefined || PASSING.has(this.status)
  }
}
