import { SignJWT } from 'jose'

/** For `TIDINGS_JWT_SECRET`. */
export const JWT_SECRET = 'a secret that only tests know, of more than 32 bytes'

/** What a test may want otherwise. */
export interface TokenOptions {
  /** default: JWT_SECRET */
  readonly secret?: string
  /** members of the header beside `alg` */
  readonly header?: Readonly<Record<string, unknown>>
}

/**
 * A token signed by HS256.
 * @param claims over `sub` 42 and an `exp` in an hour; one that is `undefined` is left out
 */
export function mintToken(
  claims: Readonly<Record<string, unknown>> = {},
  { secret = JWT_SECRET, header = {} }: TokenOptions = {},
): Promise<string> {
  return new SignJWT({ sub: '42', exp: Math.floor(Date.now() / 1000) + 3600, ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret))
}
