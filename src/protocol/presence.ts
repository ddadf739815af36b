/** Who is there, as a service tells it (PROTOCOL P-230, P-231). */

/** A channel and how many subscribers it has, on all instances. */
export interface ChannelPresence {
  readonly channel: string
  readonly subscribers: number
}

/** Some of the channels that somebody has subscribed to, by code unit. */
export interface PresencePage {
  readonly channels: readonly ChannelPresence[]
  /** for `after`, when there are more */
  readonly next?: string
}
