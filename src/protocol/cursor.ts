/**
 * Cursors: a place in the log, opaque to clients (contract §1).
 *
 * On the wire a cursor is `<epoch>-<position>`: the epoch of the log as it is (lower-case letters and digits), the
 * position in base 36. Clients must not look into it; the form may change with the protocol's version.
 */

/** A place in one log: "everything up to and including `position` has been delivered". */
export interface Cursor {
  /** which log: 1 to 16 of `0-9a-z` */
  readonly epoch: string
  /** where in it: a whole number from 0 (before everything) to 2^53 - 1 */
  readonly position: number
}

const CURSOR = /^([0-9a-z]{1,16})-([0-9a-z]{1,11})$/

/** The cursor's text as sent to clients. */
export function formatCursor(epoch: string, position: number): string {
  return `${epoch}-${position.toString(36)}`
}

/** Reads a cursor's text; `undefined` when it is not one, and the request is then refused with `bad-cursor`. */
export function parseCursor(text: string): Cursor | undefined {
  const parts = CURSOR.exec(text)
  if (!parts) return undefined
  const position = Number.parseInt(parts[2] as string, 36)
  return Number.isSafeInteger(position) ? { epoch: parts[1] as string, position } : undefined
}
