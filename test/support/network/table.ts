import type { Result } from './result.ts'

/** A line of the table: a row of the matrix in one runtime. */
export interface Line extends Result {
  readonly row: string
  /** seconds; see `Row` */
  readonly aim: number | undefined
}

/** The most seconds aimed at between the healing and being back. */
export const AIM_BACK = 30

const COLUMNS: readonly [string, (line: Line) => string][] = [
  ['row', ({ row }) => row],
  ['runtime', ({ runtime }) => runtime],
  ['live', ({ live }) => seconds(live)],
  ['by', ({ first = '–' }) => first],
  ['first notification', ({ notified, aim }) => judged(notified, aim)],
  ['back after', ({ back }) => judged(back, AIM_BACK)],
  ['slowest', ({ slowest }) => seconds(slowest)],
  ['at the end', ({ last = 'nothing' }) => last],
  ['missing', ({ missing }) => `${missing}`],
  ['repeated', ({ repeated }) => `${repeated}`],
  ['in order', ({ isInOrder }) => (isInOrder ? 'yes' : 'no')],
]

/** The matrix for people to read, a line of text each; times in seconds, with ✓ or ✗ where there is an aim. */
export function tableOf(lines: readonly Line[]): string[] {
  const titles = COLUMNS.map(([title]) => title)
  return aligned([titles, ...lines.map((line) => COLUMNS.map(([, cell]) => cell(line)))])
}

/** Rows of cells as lines of text. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return rows.map((row) =>
    widths
      .map((width, i) => `${row[i]}`.padEnd(width))
      .join('  ')
      .trimEnd(),
  )
}

function seconds(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2)
}

function judged(value: number | undefined, aim: number | undefined): string {
  if (value === undefined || aim === undefined) return seconds(value)
  return `${seconds(value)} ${value <= aim ? '✓' : '✗'}`
}
