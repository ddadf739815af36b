import { matches } from '../protocol/channel.ts'

/** What a principal may do: patterns of the channels it may subscribe and publish to (contract §6). */
export interface Grants {
  readonly subscribe: readonly string[]
  readonly publish: readonly string[]
  /** may see the figures and revoke tokens */
  readonly admin: boolean
}

/** Says whether one of `grants` covers all that `wanted`, a channel name or pattern, stands for. All must be valid. */
export function permits(grants: readonly string[], wanted: string): boolean {
  return grants.some((grant) => covers(grant, wanted))
}

/**
 * Says whether every channel that `wanted` stands for is one that `grant` stands for. Both are valid names or patterns.
 *
 * A pattern is covered as a channel would be, segment by segment; but where it goes on without end, only by a grant that does, too.
 */
export function covers(grant: string, wanted: string): boolean {
  // What everyone has in mode `none`, where asking should cost nothing.
  if (grant === '**') return true
  return (grant.endsWith('**') || !wanted.endsWith('**')) && matches(grant, wanted)
}
