/** While a better transport is on trial, the cursors of at most so many notifications are kept; with more, the trial fails. */
const MOST_OVERLAP = 1_000

/** Where the client stands in the log. */
export interface Position {
  /** from here every stream starts */
  cursor: string | undefined
  /** A stream is opened, perhaps beside the one in use. */
  fork(): void
  /** The stream that was opened last is in use from here on. Returns whether it is known what it will repeat. */
  join(): boolean
  /** Says whether the stream in use has yet to repeat what is known. */
  isRepeating(): boolean
  /** Moves on to a notification. Returns whether it is new. */
  take(cursor: string): boolean
  /** Moves on to the cursor of another message. Returns whether it is new. */
  move(cursor: string): boolean
}

/**
 * Begins at `cursor`, or where the first stream says.
 *
 * A stream that is opened beside the one in use starts at the cursor of that moment. So the first that it brings is what the other has
 * brought meanwhile, in the same order: that is known by its cursors, which are compared for being the same and in no other way.
 */
export function positionAt(cursor: string | undefined): Position {
  /** of the notifications since the fork */
  let brought: Set<string> | undefined
  /** those of them that the stream in use has yet to repeat */
  let repeats = new Set<string>()
  return {
    cursor,
    fork() {
      brought = new Set()
    },
    join() {
      const isKnown = brought !== undefined
      repeats = brought ?? repeats
      brought = undefined
      return isKnown
    },
    isRepeating: () => repeats.size > 0,
    take(next) {
      if (repeats.delete(next)) return false
      // Streams are in log order: behind the first new one nothing is repeated. (The last of the repeats may have expired.)
      repeats.clear()
      if (brought && brought.add(next).size > MOST_OVERLAP) brought = undefined
      this.cursor = next
      return true
    },
    move(next) {
      if (repeats.size > 0) return false
      this.cursor = next
      return true
    },
  }
}
