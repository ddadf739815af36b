import { z } from 'zod'
import type { Draft } from '../log/log.ts'
import { identifier } from './claims.ts'

/** The channel that revocations travel on. It is reserved: nobody can publish, subscribe or be granted it. */
export const REVOCATIONS = '$revocations'

/** Tokens that are refused: all whose claim has this value, until then. */
export interface Revocation {
  readonly claim: 'sub' | 'jti'
  readonly value: string
  /** milliseconds since 1970 */
  readonly until: number
}

/** A revocation as admins send it, and as it lies in the log: `{"sub" or "jti", "until"}`, the time in RFC 3339. */
export const revocationSchema = z
  .strictObject({
    sub: identifier.exactOptional(),
    jti: identifier.exactOptional(),
    until: z.iso.datetime({ offset: true, error: 'must be a time as in RFC 3339' }),
  })
  .refine(({ sub, jti }) => (sub === undefined) !== (jti === undefined), {
    message: 'must have either `sub` or `jti`',
  })
  .transform(
    ({ sub, jti, until }): Revocation => ({
      ...(sub === undefined ? { claim: 'jti', value: jti as string } : { claim: 'sub', value: sub }),
      until: Date.parse(until),
    }),
  )

/** The JSON object of a revocation, the time in UTC with milliseconds. */
export function toWire({ claim, value, until }: Revocation): Readonly<Record<string, string>> {
  return { [claim]: value, until: new Date(until).toISOString() }
}

/** What is appended to the log for a revocation at `now`, milliseconds since 1970. It ceases to be read when it lapses. */
export function toDraft(revocation: Revocation, id: string, now: number): Draft {
  const ttl = Math.ceil((revocation.until - now) / 1000)
  return { channel: REVOCATIONS, id, data: JSON.stringify(toWire(revocation)), ttl }
}

/** The revocation in a notification's data; `undefined` when there is none: on NATS somebody else may have written there. */
export function fromData(data: string): Revocation | undefined {
  try {
    return revocationSchema.safeParse(JSON.parse(data)).data
  } catch {
    return undefined
  }
}
