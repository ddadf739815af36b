/** One thing that `tidings` can do. */
export interface Command {
  /** how it is called, and what each option means; shown by `--help` */
  readonly usage: string
  /**
   * @param args what follows the command's name
   * @returns what goes to standard output
   * @throws UsageError, SettingsError
   */
  run(args: string[], env: NodeJS.ProcessEnv): Promise<string>
}

/** The command was called in a way it can't be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
