/** How far a long publish has come. */
export interface Progress {
  /** in bytes of the input */
  readonly read: number
  /** the input's size in bytes, where it is a file's */
  readonly size: number | undefined
  readonly notifications: number
}

/** Columns of the bar itself. */
const BAR = 30

/** Takes the cursor to the line's beginning, and what is on the line away (ECMA-48 EL). */
export const CLEAR_LINE = '\r\x1b[K'

/** The progress as one line: a bar where the end is known, else counts alone. */
export function progressLine({ read, size, notifications }: Progress): string {
  const counts = `${notifications.toLocaleString('en')} notifications, ${(read / 2 ** 20).toFixed(1)} MiB`
  if (size === undefined) return counts
  // A file may grow while it is read.
  const part = size === 0 ? 1 : Math.min(1, read / size)
  const done = Math.floor(part * BAR)
  return `[${'#'.repeat(done)}${'.'.repeat(BAR - done)}] ${Math.floor(part * 100)} %, ${counts}`
}
