/** What a principal may do: patterns of the channels it may subscribe and publish to (contract §6). */
export interface Grants {
  readonly subscribe: readonly string[]
  readonly publish: readonly string[]
  /** may see the figures and revoke tokens */
  readonly admin: boolean
}
