/** What publishers and the service agree on (contract §3). */

/** The most items in one publish. */
export const MAX_ITEMS = 1000

/** What became of one notification of a publish. */
export interface Published {
  readonly id: string
  readonly channel: string
  /** where it is, or where the first of its identity is */
  readonly cursor: string
  /** it was there before, and has not been stored again */
  readonly duplicate: boolean
}

/** The answer to a publish: one entry a notification, items in order and for each its channels in order. */
export interface PublishAnswer {
  readonly notifications: readonly Published[]
}
