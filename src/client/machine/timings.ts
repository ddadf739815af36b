/** Times in milliseconds that the machine goes by, and that may be set. */
export interface Timings {
  /** the head start that each transport has over the next one */
  readonly hedge: number
  /** a transport that has not said `ready` after this has failed */
  readonly ready: number
  /** how much later than its heartbeat a stream may be heard of */
  readonly margin: number
  /** a stream that dies before this age has died young */
  readonly young: number
  /** the first pause before a transport in doubt is probed; it grows by half each time */
  readonly probe: number
  /** a full-jitter backoff is up to this, doubled with every fruitless round */
  readonly backoff: number
}

export const TIMINGS: Timings = {
  hedge: 1_000,
  ready: 10_000,
  margin: 5_000,
  young: 10_000,
  probe: 3_000,
  backoff: 500,
}

/** What is not in sight. */
export const NEVER = Number.POSITIVE_INFINITY
