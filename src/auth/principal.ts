import type { Grants } from './grants.ts'

/** Who makes a request or holds a stream, and what they may do. Immutable. */
export interface Principal {
  /** what limits count by and operators see: `everyone`, `sub:<sub>` or `key:<name>` */
  readonly name: string
  /** the token's `sub`; an API key has none */
  readonly subject: string | undefined
  /** the token's `jti` */
  readonly tokenId: string | undefined
  /** when it ceases to be valid, milliseconds since 1970; Infinity for never */
  readonly expires: number
  readonly grants: Grants
}

/** Whoever comes, in mode `none`. */
export const EVERYONE: Principal = {
  name: 'everyone',
  subject: undefined,
  tokenId: undefined,
  expires: Number.POSITIVE_INFINITY,
  grants: { subscribe: ['**'], publish: ['**'], admin: true },
}
