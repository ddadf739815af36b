/** Who is at the other end of a stream, as limits tell clients apart; immutable. */
export interface Peer {
  /** where it comes from; of IPv6 the /64, which is what a single host may have */
  readonly address: string
  /** the name of its principal */
  readonly principal: string
}
