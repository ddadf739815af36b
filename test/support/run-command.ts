import type { Command } from '../../src/cli/command.ts'

/** Runs a command of `tidings` in this process; returns what it prints, without line feeds. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  let printed = ''
  const { signal } = new AbortController()
  const { stdin, stderr } = process
  const print = async (text: string) => {
    printed += text
  }
  await command.run([...args], { env, stdin, stderr, signal, isTerminal: false, print })
  return printed
}
