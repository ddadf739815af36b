import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** How a service ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** what it wrote to standard error */
  readonly errors: string
}

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly process: ChildProcess
  /** its address; rejects when it ends without having listened */
  readonly url: Promise<string>
  /** resolves when a line of its output contains `text`; rejects when it ends before that */
  output(text: string): Promise<string>
  readonly ended: Promise<Ending>
}

/** What Node runs as a service, and in which directory. */
export interface Program {
  readonly args: readonly string[]
  readonly cwd?: string
}

/**
 * Starts `src/main.ts`, or another program, with the memory log on a free port of the loopback, and kills it when `t` ends, should it still run.
 * @param settings variables of the environment, over those
 */
export function startService(
  t: { teardown(fn: () => unknown): void },
  settings: Readonly<Record<string, string>> = {},
  { args, cwd }: Program = { args: ['--import=tsx', MAIN] },
): ServiceProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH, TIDINGS_PORT: '0', TIDINGS_LOG: 'memory', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = collectEnding(child)
  t.teardown(() => {
    child.kill('SIGKILL')
    return ended
  })

  const lines: string[] = []
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const output = async (text: string): Promise<string> => {
    for (;;) {
      const found = lines.find((line) => line.includes(text))
      if (found !== undefined) return found
      await Promise.race([once(reader, 'line'), ended.then(failWith)])
    }
  }
  const url = output('Server listening at').then((line) => /http:[^"]+/.exec(line)?.[0] ?? '')
  // Tests of a service that does not start never look at it.
  url.catch(() => {})
  return { process: child, url, output, ended }
}

async function collectEnding(child: ChildProcess): Promise<Ending> {
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, errors }
}

function failWith({ code, signal, errors }: Ending): never {
  throw new Error(`the service ended with ${code ?? signal}: ${errors}`)
}
