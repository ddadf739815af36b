/** Times in milliseconds that the machine goes by. */
export interface Timings {
  /** the head start that each transport has over the next one */
  readonly hedge: number
  /** a transport that has not said `ready` after this has failed */
  readonly ready: number
  /** how much later than its heartbeat a stream may be heard of */
  readonly margin: number
  /** a stream that dies before this age has died young */
  readonly young: number
  /** the first pause before a transport in doubt is probed; it grows by half each time, up to `probeMost` */
  readonly probe: number
  readonly probeMost: number
  /** a full-jitter backoff is up to this, doubled with every fruitless round up to `backoffMost` */
  readonly backoff: number
  readonly backoffMost: number
  /** how soon a stream must be heard of when the network may have changed */
  readonly suspect: number
  /** from this on, a silence before a death may be what it died of */
  readonly idle: number
}

export const TIMINGS: Timings = {
  hedge: 1_000,
  ready: 10_000,
  margin: 5_000,
  young: 10_000,
  probe: 3_000,
  probeMost: 300_000,
  backoff: 500,
  backoffMost: 20_000,
  suspect: 5_000,
  idle: 2_000,
}
