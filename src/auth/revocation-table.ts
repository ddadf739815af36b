import type { Bounds } from '../log/log.ts'
import type { Principal } from './principal.ts'
import type { Revocation } from './revocation.ts'

/** Where in a log a revocation was read last. */
export interface Place {
  readonly epoch: string
  readonly position: number
  /** when it was stored there, milliseconds since 1970 */
  readonly time: number
}

/** A revocation and where it was read last. */
export interface Standing extends Revocation, Place {}

/**
 * The revocations in force. It has no bound of its own, because to forget one would be to let a token in again: whoever adds to the
 * log keeps to `MAX_REVOCATIONS`.
 */
export class RevocationTable {
  readonly #standings = {
    sub: new Map<string, Standing>(),
    jti: new Map<string, Standing>(),
  }

  /** How many there are, lapsed ones among them until they are forgotten. */
  get size(): number {
    return this.#standings.sub.size + this.#standings.jti.size
  }

  /** Takes in what the log brings. Of several for the same tokens the one that holds longest counts, in whatever order they come. */
  put(revocation: Revocation, place: Place): void {
    const standings = this.#standings[revocation.claim]
    const held = standings.get(revocation.value)
    if (held && held.until > revocation.until) return
    standings.set(revocation.value, { ...revocation, ...place })
  }

  /** Says whether there is one for the same tokens. */
  has({ claim, value }: Revocation): boolean {
    return this.#standings[claim].has(value)
  }

  /** Says whether the token that this principal came with is refused at `now`, milliseconds since 1970. */
  revokes({ subject, tokenId }: Principal, now: number): boolean {
    const { sub, jti } = this.#standings
    return isInForce(sub, subject, now) || isInForce(jti, tokenId, now)
  }

  /** Forgets what has lapsed by `now`. */
  forgetLapsed(now: number): void {
    for (const standings of Object.values(this.#standings)) {
      for (const [value, { until }] of standings) if (until <= now) standings.delete(value)
    }
  }

  /**
   * Those that lie in the older half of the log, by position or by age, or in another log: retention, by bytes or by age, takes them
   * next.
   * @param oldest when the older half by age ends, milliseconds since 1970
   */
  ageing({ epoch, first, last }: Bounds, oldest: number): Standing[] {
    const middle = (first + last) / 2
    return Object.values(this.#standings).flatMap((standings) =>
      [...standings.values()].filter(
        (standing) => standing.epoch !== epoch || standing.position < middle || standing.time < oldest,
      ),
    )
  }
}

function isInForce(standings: Map<string, Standing>, value: string | undefined, now: number): boolean {
  // Nearly always there is none.
  if (value === undefined || standings.size === 0) return false
  const standing = standings.get(value)
  return standing !== undefined && now < standing.until
}
