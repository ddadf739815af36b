import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addressOf } from './address.ts'
import { principalOf } from './authentication.ts'
import { Problem } from './problem.ts'

/** How many requests of one kind there may be in a second; 0 for no limit. */
export interface RateLimits {
  /** from one address */
  readonly perAddress: number
  /** by one principal */
  readonly perPrincipal: number
}

/** Lets a request pass, or throws Problem `too-many-requests`. */
export type RateLimit = (request: FastifyRequest) => Promise<void>

/**
 * Makes what counts requests of one kind and turns away those beyond `limits`, once it is known who makes them. Register
 * `@fastify/rate-limit` first. It remembers the 5,000 who asked last: of more in a second, some get more than their share.
 *
 * @param turnedAway is called for each of those
 * @returns one for each limit that there is: without any, nothing stands in the way of a request
 */
export function rateLimits(
  app: FastifyInstance,
  { perAddress, perPrincipal }: RateLimits,
  turnedAway: () => void,
): RateLimit[] {
  return [
    ...limit('address', perAddress, addressOf),
    ...limit('principal', perPrincipal, (request) => principalOf(request).name),
  ]

  function limit(
    share: 'address' | 'principal',
    max: number,
    keyGenerator: (request: FastifyRequest) => string,
  ): RateLimit[] {
    if (max === 0) return []
    const count = app.createRateLimit({ max, timeWindow: 1_000, keyGenerator })
    const one: RateLimit = async (request) => {
      const counted = await count(request)
      if (counted.isAllowed || !counted.isExceeded) return
      turnedAway()
      throw new Problem('too-many-requests', `At most ${max} in a second may come from one ${share}.`, {
        retryAfter: counted.ttlInSeconds,
      })
    }
    return [one]
  }
}
