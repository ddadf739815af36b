/** The other workers of an instance, as far as they can be asked for one thing. */
export interface Siblings<Value> {
  /** Has `tell` called, and what it tells sent, when one of them asks. */
  answer(tell: () => Promise<Value>): void
  /** Asks them; who doesn't answer in time is missing. */
  ask(): Promise<readonly Value[]>
}
