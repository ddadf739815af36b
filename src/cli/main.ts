#!/usr/bin/env -S node --max-semi-space-size=4
import { SettingsError } from '../config/load.ts'
import { checkConfigCommand } from './check-config.ts'
import { type Command, UsageError } from './command.ts'
import { publishCommand } from './publish.ts'
import { ServiceError } from './request.ts'
import { serveCommand } from './serve.ts'
import { statsCommand } from './stats.ts'
import { tailCommand } from './tail.ts'
import { tokenCommand } from './token.ts'

/** sysexits.h EX_USAGE: called in a way it can't be. */
const EX_USAGE = 64
/** sysexits.h EX_CONFIG: the settings can't be used. */
const EX_CONFIG = 78

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['serve', serveCommand],
  ['check-config', checkConfigCommand],
  ['token', tokenCommand],
  ['publish', publishCommand],
  ['tail', tailCommand],
  ['stats', statsCommand],
])

const usage = `tidings COMMAND [OPTION]…

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`).join('\n')}

tidings COMMAND --help tells more, with examples.

It exits with 0 when all went well, 1 when the service or the network failed or refused, 64 when it was called in a way it
can't be, and 78 when the settings can't be used.`

/** A second signal of the kind ends the process as it would without us. */
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())

// Of standard output, `print` tells; where nobody reads what goes wrong, nobody need be told that.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()))
  })
}

/** Does what `args` ask for. */
async function run([name, ...args]: string[]): Promise<void> {
  if (name === '--help' || name === '-h') return print(usage)
  if (name === undefined) throw new UsageError(`There is no command.\n\n${usage}`)
  const command = COMMANDS.get(name)
  if (!command) throw new UsageError(`There is no command ${JSON.stringify(name)}.\n\n${usage}`)
  if (args.includes('--help') || args.includes('-h')) return print(command.usage)
  const { env, stdin, stderr, stdout } = process
  return command.run(args, {
    env,
    stdin,
    stderr,
    isTerminal: stdout.isTTY === true,
    signal: stopping.signal,
    print,
  })
}

function fail(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  console.error(error.message)
  if (error instanceof ServiceError)
    for (const { pointer, detail } of error.details) console.error(`${pointer}: ${detail}`)
  process.exitCode = error instanceof UsageError ? EX_USAGE : error instanceof SettingsError ? EX_CONFIG : 1
}

run(process.argv.slice(2)).catch(fail)
