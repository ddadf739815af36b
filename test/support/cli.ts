import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** How `tidings` ended. */
export interface CliEnding {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `tidings` in a process of its own. */
export interface CliProcess {
  readonly process: ChildProcessWithoutNullStreams
  /** resolves when standard output or standard error has `text`; rejects when it ends before that */
  has(text: string): Promise<void>
  readonly ended: Promise<CliEnding>
}

/**
 * Starts `tidings`, and kills it when `t` ends, should it still run.
 * @param env the whole of the environment besides PATH
 */
export function startCli(
  t: { teardown(fn: () => unknown): void },
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): CliProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['--import=tsx', MAIN, ...args], { env: { PATH, ...env } })
  // Whoever ends early does not read to the end.
  child.stdin.on('error', () => {})
  const lines: string[] = []
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const readers = [child.stdout, child.stderr].map((input) => createInterface({ input }))
  for (const reader of readers) reader.on('line', (line) => lines.push(line))
  const ended = once(child, 'close').then(([code]): CliEnding => ({ code, stdout, stderr }))
  t.teardown(() => {
    child.kill('SIGKILL')
    return ended
  })
  const failed = ended.then(({ code }) => {
    throw new Error(`tidings ended with ${code}: ${stderr}`)
  })
  failed.catch(() => {})
  return {
    process: child,
    ended,
    async has(text) {
      while (!lines.some((line) => line.includes(text))) {
        await Promise.race([...readers.map((reader) => once(reader, 'line')), failed])
      }
    },
  }
}

/** Runs `tidings` to its end, with `input` for standard input. */
export function runCli(
  t: { teardown(fn: () => unknown): void },
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<CliEnding> {
  const cli = startCli(t, args, env)
  cli.process.stdin.end(input)
  return cli.ended
}

/** Runs `tidings` to its end on a terminal, with a file for standard input; returns what the terminal gets. */
export async function runOnTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  file: string,
): Promise<string> {
  const { PATH = '' } = process.env
  const command = [process.execPath, '--import=tsx', MAIN, ...args].map((word) => `'${word}'`).join(' ')
  const script = ['-qec', `${command} < '${file}'`, '/dev/null']
  const { stdout } = await promisify(execFile)('script', script, { env: { PATH, ...env } })
  return stdout
}
