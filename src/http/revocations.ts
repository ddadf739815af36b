import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Revocation, revocationSchema, toWire } from '../auth/revocation.ts'
import { type Revocations, TooManyRevocations } from '../auth/revocations.ts'
import type { ProblemDetail } from '../protocol/problem.ts'
import type { Clock } from '../stream/clock.ts'
import { type Authenticate, demandAdmin } from './authentication.ts'
import { refuseCodings, takeBodies, unsupported } from './body.ts'
import { check } from './check.ts'
import { parseJson } from './json.ts'
import { Problem } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'
import { revocationsOperation } from './revocations-operation.ts'

/** What the route needs. */
export interface RevocationsRouteOptions {
  readonly authenticate: Authenticate
  /** once the body is there */
  readonly renew: Authenticate
  /** `undefined` where there are no tokens */
  readonly revocations: Revocations | undefined
  /** of requests */
  readonly rateLimits: readonly RateLimit[]
  readonly clock: Clock
}

/** Of a body: one revocation is a few hundred. */
const MAX_BODY_BYTES = 16 * 1024

/** So far ahead, in milliseconds, a revocation may hold: 366 days. No token should last that long. */
const FARTHEST_MS = 366 * 24 * 3_600_000

/** Seconds after which a client that found no room may try again. */
const RETRY_AFTER = 60

const MEDIA_TYPE = 'application/json'

/** Fastify plugin: `POST /v1/revocations`. */
export function revocationsRoute(
  app: FastifyInstance,
  { authenticate, renew, revocations, rateLimits, clock }: RevocationsRouteOptions,
  done: () => void,
): void {
  takeBodies(app, [MEDIA_TYPE])

  app.post<{ Body: Buffer }>(
    '/v1/revocations',
    {
      config: { operation: revocationsOperation(clock.now()) },
      bodyLimit: MAX_BODY_BYTES,
      onRequest: [authenticate, demandAdmin, refuseCodings, ...rateLimits],
      preHandler: renew,
    },
    async (request, reply) => {
      if (!revocations) throw new Problem('no-tokens', 'There are no tokens in mode `none`.')
      const revocation = decode(request, clock.now())
      await revocations.add(revocation).catch(refuse)
      reply.code(201)
      return toWire(revocation)
    },
  )
  done()
}

function decode({ mediaType, body }: FastifyRequest<{ Body: Buffer }>, now: number): Revocation {
  if (mediaType !== MEDIA_TYPE) throw unsupported(`The body must be \`${MEDIA_TYPE}\`.`)
  const errors: ProblemDetail[] = []
  const revocation = check(revocationSchema, parseJson(body), '', errors)
  if (revocation && !(revocation.until > now && revocation.until <= now + FARTHEST_MS)) {
    errors.push({ pointer: '/until', detail: 'must lie ahead, by 366 days at most' })
  }
  if (!revocation || errors.length > 0) {
    throw new Problem('bad-revocation', 'Nothing was revoked: see `errors`.', { errors })
  }
  return revocation
}

function refuse(error: unknown): never {
  if (!(error instanceof TooManyRevocations)) throw error
  throw new Problem('too-many-revocations', `${error.message}.`, { retryAfter: RETRY_AFTER })
}
