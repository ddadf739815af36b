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

/** What became of a notification that was to be published later. */
export interface Scheduled {
  readonly id: string
  readonly channel: string
  /** when, RFC 3339 in UTC; of the first of its identity */
  readonly at: string
  /** how that stands by now */
  readonly state: 'scheduled' | 'published' | 'cancelled'
  /** where it is, once it has been published */
  readonly cursor?: string
  /** it was there before, and has not been scheduled again */
  readonly duplicate: boolean
}

/** The answer to a publish: one entry a notification, items in order and for each its channels in order. */
export interface PublishAnswer<Outcome = Published | Scheduled> {
  readonly notifications: readonly Outcome[]
}
