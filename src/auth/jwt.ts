import { errors, type JWTHeaderParameters, jwtVerify } from 'jose'
import { type Authenticator, Unauthenticated } from './authenticator.ts'
import { type DefaultGrants, fromClaims } from './claims.ts'
import type { Algorithm, KeySource, VerificationKey } from './keys/key-source.ts'

/** How tokens are judged. */
export interface JwtOptions {
  /** no two for the same algorithm */
  readonly sources: readonly KeySource[]
  /** the allow-list; what there is no source for is not accepted either */
  readonly algorithms: readonly Algorithm[]
  /** what `iss` must be; `undefined`: anything */
  readonly issuer: string | undefined
  /** what `aud` must be or have in it; `undefined`: anything */
  readonly audience: string | undefined
  readonly clockToleranceSeconds: number
  readonly defaults: DefaultGrants
  /** milliseconds since 1970; default: the machine's clock */
  readonly now?: () => number
}

/**
 * Knows people by the JWT (RFC 7519) they bring.
 *
 * What the header offers as a key (`jwk`, `jku`, `x5c`, `x5u`) is not looked at, and `crit` is refused, whatever is in it.
 */
export function jwtAuthenticator(options: JwtOptions): Authenticator {
  const { sources, algorithms, issuer, audience, clockToleranceSeconds, defaults, now = Date.now } = options

  async function find(header: JWTHeaderParameters): Promise<VerificationKey> {
    // jose would take `b64`, which changes nothing where it is true (RFC 7797 §6).
    if (header.crit !== undefined) throw new errors.JOSENotSupported()
    const source = sources.find(({ algorithms }) => algorithms.some((algorithm) => algorithm === header.alg))
    if (!source) throw new errors.JOSEAlgNotAllowed()
    return source.find(header)
  }

  return {
    async authenticate(credential = '') {
      if (!isStrict(credential)) refuse(new errors.JWSInvalid())
      const checks = {
        algorithms: [...algorithms],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now()),
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      }
      const { payload } = await jwtVerify(credential, find, checks).catch(refuse)
      return fromClaims(payload, defaults, clockToleranceSeconds)
    },
  }
}

/** jose decodes forgivingly; but no other spelling of a signature is that signature (RFC 7515 §2): no white space, no stray bits. */
function isStrict(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return Buffer.from(signature, 'base64url').toString('base64url') === signature
}

/** Why a token is refused, by jose's code: enough to mend a client that means well, and the same for all that a forger may try. */
const REASONS: Readonly<Record<string, string>> = {
  [errors.JWSInvalid.code]: 'The token is not a well-formed JWT.',
  [errors.JWTInvalid.code]: 'The token is not a well-formed JWT.',
  [errors.JOSENotSupported.code]: 'The header of the token asks for what is not supported.',
  [errors.JOSEAlgNotAllowed.code]: 'The token is signed by an algorithm that is not accepted here.',
  [errors.JWKSMultipleMatchingKeys.code]:
    'The header of the token must say by `kid` which key it is signed with.',
}

const CLAIM_REASONS: Readonly<Record<string, string>> = {
  exp: '`exp` of the token must be a number.',
  nbf: 'The token is not valid yet: look at `nbf`, and at the clocks.',
  iss: 'The token is by another issuer than is accepted here.',
  aud: 'The token is for another audience.',
  iat: '`iat` of the token must be a number.',
}

function refuse(error: unknown): never {
  if (!(error instanceof errors.JOSEError)) throw error
  if (error instanceof errors.JWTExpired) throw new Unauthenticated('token-expired', 'The token has run out.')
  const reason =
    error instanceof errors.JWTClaimValidationFailed ? CLAIM_REASONS[error.claim] : REASONS[error.code]
  throw new Unauthenticated('token-invalid', reason ?? 'The token is not signed by a key that is known here.')
}
