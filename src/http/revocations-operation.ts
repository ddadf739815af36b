import { z } from 'zod'
import { revocationSchema } from '../auth/revocation.ts'
import type { Operation } from './openapi/operation.ts'

const A_WEEK_MS = 7 * 24 * 3_600_000

/** What the route says of itself at `now`, milliseconds since 1970. */
export function revocationsOperation(now: number): Operation {
  const until = new Date(now + A_WEEK_MS).toISOString()
  const revocation = { sub: 'user-42', until }
  return {
    id: 'revoke',
    tag: 'Tokens',
    summary: 'Revoke tokens',
    description:
      'All tokens of a `sub`, or the one with a `jti`, are refused until the time that is given, 366 days ahead at most, and streams that rest on them end within two seconds. It can not be taken back.',
    access: 'admin',
    body: { 'application/json': revocationSchema },
    answers: {
      201: {
        description: 'It is durable.',
        content: {
          'application/json': z.strictObject({
            sub: z.string().exactOptional(),
            jti: z.string().exactOptional(),
            until: z.iso.datetime({ precision: 3 }),
          }),
        },
      },
    },
    problems: [
      'bad-json',
      'bad-revocation',
      'no-tokens',
      'too-large',
      'unsupported-media-type',
      'too-many-requests',
      'log-unavailable',
      'too-many-revocations',
    ],
    examples: {
      sub: {
        summary: 'All tokens of somebody',
        body: { type: 'application/json', value: revocation },
        answer: { status: 201, type: 'application/json', value: revocation },
      },
    },
  }
}
