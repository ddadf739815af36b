import { UsageError } from './command.ts'

/** How what a service tells is printed: for people, or as one JSON value a line. */
export type Format = 'pretty' | 'ndjson'

/** The option of every command that prints what a service tells. */
export const formatOptions = { format: { type: 'string' } } as const

/** What it means, for a command's usage. */
export const formatUsage =
  '  --format      pretty, or ndjson: JSON, one value a line; default: pretty on a terminal, else ndjson'

/**
 * The format to print in.
 * @throws UsageError
 */
export function formatOf(format: string | undefined, isTerminal: boolean): Format {
  if (format === undefined) return isTerminal ? 'pretty' : 'ndjson'
  if (format === 'pretty' || format === 'ndjson') return format
  throw new UsageError(`--format was ${JSON.stringify(format)}: it must be pretty or ndjson`)
}
