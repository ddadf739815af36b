import { CODES, type ErrorCode } from '../protocol/codes.ts'
import type { ProblemDetail } from '../protocol/problem.ts'
import { challengeOf } from './challenge.ts'

/** A problem document (RFC 9457; contract §5) as clients get it. */
export interface ProblemDocument {
  /** `urn:tidings:error:<code>` */
  readonly type: string
  /** the same at every occurrence of the code */
  readonly title: string
  /** the HTTP status */
  readonly status: number
  /** what happened this time */
  readonly detail: string
  readonly code: ProblemCode
  readonly errors?: readonly ProblemDetail[]
}

/** A code of the registry that can be the answer to an HTTP request: it has a status. */
export type ProblemCode = {
  [Code in ErrorCode]: (typeof CODES)[Code] extends { readonly status: number } ? Code : never
}[ErrorCode]

/** What some problems have besides their code and detail. */
export interface ProblemExtras {
  /** what in the request is wrong, one by one */
  readonly errors?: readonly ProblemDetail[]
  /** seconds after which the same may be tried again: header `Retry-After` */
  readonly retryAfter?: number
  /** the methods that the path takes: header `Allow` */
  readonly allow?: readonly string[]
}

/** Media type of a problem document (RFC 9457 §3). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** Thrown by routes: the request is answered with a problem document. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly extras: ProblemExtras

  /** @param detail what happened this time, for the developer of the client: never anything internal */
  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail)
    this.code = code
    this.extras = extras
  }

  /** HTTP status of the answer */
  get status(): number {
    return CODES[this.code].status
  }

  /** Headers of the answer. */
  headers(): Record<string, string> {
    const { retryAfter, allow } = this.extras
    const challenge = challengeOf(this.code, this.message)
    return {
      'content-type': PROBLEM_MEDIA_TYPE,
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(allow && { allow: allow.join(', ') }),
    }
  }

  /** Body of the answer. */
  document(): ProblemDocument {
    const { errors } = this.extras
    return {
      type: `urn:tidings:error:${this.code}`,
      title: CODES[this.code].title,
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(errors && { errors }),
    }
  }
}
