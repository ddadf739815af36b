/** Where in the request something is wrong, and what. */
export interface ProblemDetail {
  /** JSON pointer (RFC 6901) into the body; `''` is the whole of it. For a query: `/` and the parameter's name. */
  readonly pointer: string
  readonly detail: string
}
