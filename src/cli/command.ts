import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What a command has of its surroundings. */
export interface Surroundings extends Pick<NodeJS.Process, 'env' | 'stdin' | 'stderr'> {
  /** standard output is a terminal, where people read it */
  readonly isTerminal: boolean
  /** aborted when it was told to stop, by SIGINT or SIGTERM */
  readonly signal: AbortSignal
  /**
   * Writes `text` and a line feed to standard output; resolves when it has been taken.
   * @throws Error with code `EPIPE` when whoever read it has gone: the command ends then, and that is no failure
   */
  print(text: string): Promise<void>
}

/** One thing that `tidings` can do. */
export interface Command {
  /** what it does, in a few words */
  readonly summary: string
  /** how it is called, what each option means, and examples; shown by `--help` */
  readonly usage: string
  /**
   * @param args what follows the command's name
   * @throws UsageError, SettingsError, ServiceError
   */
  run(args: string[], surroundings: Surroundings): Promise<void>
}

/** The command was called in a way it can't be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Takes a command's arguments apart.
 * @throws UsageError
 */
export function parse<const Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * An option's value as a whole number from 1, or `least`, on.
 * @throws UsageError
 */
export function wholeNumber(option: string, text: string, unit: string, least = 1): number {
  if (/^\d{1,10}$/.test(text) && Number(text) >= least) return Number(text)
  throw new UsageError(`${option} was ${JSON.stringify(text)}: it must be a whole number of ${unit}`)
}
