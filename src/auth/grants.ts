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
 * Segment by segment: `*` covers any one segment but not `**`, and a last `**` covers one or more of anything.
 */
export function covers(grant: string, wanted: string): boolean {
  const [given, asked] = [grant.split(':'), wanted.split(':')]
  const isOpen = given.at(-1) === '**'
  const asksOpen = asked.at(-1) === '**'
  if (isOpen ? asked.length < given.length : asksOpen || asked.length !== given.length) return false
  return given.every((segment, i) => {
    const other = asked[i]
    if (segment === '**') return true
    return segment === '*' ? other !== '**' : segment === other
  })
}
