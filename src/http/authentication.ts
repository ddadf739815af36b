import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Authenticator, KeysUnavailable, Unauthenticated } from '../auth/authenticator.ts'
import type { Principal } from '../auth/principal.ts'
import type { ReadCredential } from './credential.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who makes it; `null` on routes that ask nobody */
    principal: Principal | null
    /** its credential came in a cookie: it may have been made by a page that has no business here */
    isByCookie: boolean
  }
}

/** Hook for `onRequest` of a route: gives the request its principal, or refuses it. May be called again, to ask anew. */
export type Authenticate = (request: FastifyRequest) => Promise<void>

/** Seconds after which it is worth to ask again for keys that could not be had. */
const KEYS_RETRY_AFTER = 5

/**
 * Makes the hook that routes of `app` ask who is there. It throws Problem, and what the authenticator throws but for
 * Unauthenticated and KeysUnavailable.
 */
export function authentication(
  app: FastifyInstance,
  authenticator: Authenticator,
  readCredential: ReadCredential,
): Authenticate {
  app.decorateRequest('principal', null)
  app.decorateRequest('isByCookie', false)
  return async (request) => {
    const { text, isCookie } = readCredential(request)
    request.isByCookie = isCookie
    request.principal = await authenticator.authenticate(text).catch(refuse)
  }
}

function refuse(error: unknown): never {
  if (error instanceof Unauthenticated) throw new Problem(error.code, error.message)
  if (error instanceof KeysUnavailable) {
    throw new Problem('keys-unavailable', 'Whether the token is good can not be told now.', {
      retryAfter: KEYS_RETRY_AFTER,
    })
  }
  throw error
}

/**
 * Makes the hook for `preHandler` of routes that take a body, which may come long after the credential.
 *
 * @param isValid whether the credential of someone who was let in is good still
 */
export function renewal(
  authenticate: Authenticate,
  isValid: (principal: Principal) => boolean,
): Authenticate {
  return async (request) => {
    if (!isValid(principalOf(request))) await authenticate(request)
  }
}

/** Who makes the request, on a route that has asked. */
export function principalOf({ principal }: FastifyRequest): Principal {
  if (!principal) throw new Error('the route has not asked who is there')
  return principal
}

/** Hook for `onRequest`, behind `Authenticate`: only an admin comes through. It throws Problem `forbidden`. */
export async function demandAdmin(request: FastifyRequest): Promise<void> {
  if (!principalOf(request).grants.admin) throw new Problem('forbidden', 'This needs `admin`.')
}
