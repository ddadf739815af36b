import { z } from 'zod'
import { isChannelName, isChannelPattern } from '../protocol/channel.ts'
import { Unauthenticated } from './authenticator.ts'
import type { Grants } from './grants.ts'
import type { Principal } from './principal.ts'

/** The last second of the year 9999: a later one was most likely meant as milliseconds, and is no date elsewhere. */
const LAST_SECOND = 253_402_300_799

/** What `sub` and `jti` may be: text that may stand in a log or a list as it is, without control characters and halves of surrogate pairs. */
export const identifier = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u, 'must be 1 to 255 characters, no control characters')

// How many there may be, the length of a token says.
const patterns = z.array(z.string().refine(isChannelPattern)).default([])

/** What is asked of the claims beyond signature, dates, `iss` and `aud`. Others may be there. */
const claimsSchema = z.object({
  sub: identifier,
  jti: identifier.optional(),
  exp: z.number().max(LAST_SECOND),
  tidings: z
    .strictObject({ subscribe: patterns, publish: patterns, admin: z.boolean().default(false) })
    .prefault({}),
})

/** What is wrong with a claim, by the place where it is. Nothing of the token is repeated. */
const FAULTS: Readonly<Record<string, string>> = {
  sub: '`sub` must be 1 to 255 characters, no control characters',
  jti: '`jti`, where there is one, must be 1 to 255 characters, no control characters',
  exp: '`exp` must be a number of seconds since 1970, up to the year 9999',
  tidings: '`tidings` may have `subscribe`, `publish` and `admin` in it, nothing else',
  'tidings.subscribe': '`tidings.subscribe` must be a list of channels and patterns',
  'tidings.publish': '`tidings.publish` must be a list of channels and patterns',
  'tidings.admin': '`tidings.admin` must be true or false',
}

/** Grants that every token has besides its own; a segment `{sub}` stands for its `sub`. */
export type DefaultGrants = Pick<Grants, 'subscribe' | 'publish'>

/**
 * The principal of a token whose signature is good.
 * @param toleranceSeconds how much longer than `exp` says it is good
 * @throws Unauthenticated `token-invalid`
 */
export function fromClaims(claims: unknown, defaults: DefaultGrants, toleranceSeconds: number): Principal {
  const { data, error } = claimsSchema.safeParse(claims)
  if (!data) {
    const [issue] = error.issues
    const fault = FAULTS[issue?.path.slice(0, 2).join('.') ?? '']
    throw new Unauthenticated('token-invalid', `A claim of the token is not valid: ${fault}.`)
  }
  const { sub, jti, exp, tidings } = data
  return {
    name: `sub:${sub}`,
    subject: sub,
    tokenId: jti,
    expires: (exp + toleranceSeconds) * 1000,
    grants: {
      subscribe: [...tidings.subscribe, ...grantsFor(sub, defaults.subscribe)],
      publish: [...tidings.publish, ...grantsFor(sub, defaults.publish)],
      admin: tidings.admin,
    },
  }
}

/**
 * The default grants of whoever is called `sub`. Where that is not one plain segment, those with `{sub}` do not apply:
 * a `sub` such as `*` or `a:b` would stand for other people's channels.
 */
function grantsFor(sub: string, defaults: readonly string[]): string[] {
  const isSegment = isChannelName(sub) && !sub.includes(':')
  return defaults
    .map((grant) => grant.split(':').map((segment) => (segment === '{sub}' && isSegment ? sub : segment)))
    .map((segments) => segments.join(':'))
    .filter(isChannelPattern)
}
