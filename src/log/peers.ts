/**
 * The other instances that share a log, as far as they can be asked for something that each knows about itself. What is asked and answered
 * is JSON, at most 512 KiB of it.
 */
export interface Peers {
  /** Has `tell` called, and what it returns sent, when one of them asks; nothing when it throws. To be called once. */
  answer(tell: (question: unknown) => unknown): void
  /**
   * Asks all of them. One that dies is not waited for any more two seconds later, and one that does not answer within PATIENCE_MS
   * is missing.
   * @throws LogUnavailable when they can't be reached
   */
  ask(question: unknown): Promise<unknown[]>
}

/** How long answers are waited for, in milliseconds. */
export const PATIENCE_MS = 1000

/** Where there are no others. */
export const NO_PEERS: Peers = {
  answer() {},
  ask: async () => [],
}
