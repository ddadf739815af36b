#!/usr/bin/env node
import { SettingsError } from '../config/load.ts'
import { type Command, UsageError } from './command.ts'
import { tokenCommand } from './token.ts'

/** sysexits.h EX_USAGE: called in a way it can't be. */
const EX_USAGE = 64
/** sysexits.h EX_CONFIG: the settings can't be used. */
const EX_CONFIG = 78

const COMMANDS: ReadonlyMap<string, Command> = new Map([['token', tokenCommand]])

const usage = `tidings COMMAND [OPTION]…, one of:

${[...COMMANDS.values()].map((command) => command.usage).join('\n\n')}`

/** What `args` ask for: the text for standard output. */
async function run([name, ...args]: string[]): Promise<string> {
  if (name === '--help' || name === '-h') return usage
  if (name === undefined) throw new UsageError(`There is no command.\n\n${usage}`)
  const command = COMMANDS.get(name)
  if (!command) throw new UsageError(`There is no command ${JSON.stringify(name)}.\n\n${usage}`)
  return args.includes('--help') || args.includes('-h') ? command.usage : command.run(args, process.env)
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = error instanceof UsageError ? EX_USAGE : error instanceof SettingsError ? EX_CONFIG : 1
}

run(process.argv.slice(2)).then((text) => console.log(text), fail)
