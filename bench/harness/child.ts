import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Teardown } from '../../test/support/nats.ts'
import { onServerCores } from './machine.ts'

/** A server in a process of its own, on a port of the loopback. */
export interface Server {
  readonly pid: number
  readonly port: number
}

/** A server to be started. */
export interface Program {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** what each of its processes prints when it listens, with the port as group 1 if it knows it */
  readonly listening: RegExp
  /** where it has been told to listen; by default what it prints tells */
  readonly port?: number
  /** processes that do its work, each of which should have a core; 1 by default */
  readonly processes?: number
}

/**
 * Starts a server away from the clients' cores; it is killed when `ends` ends.
 * @throws with what it said when it ends without having listened
 */
export function startServer(
  ends: Teardown,
  { command, env, listening, port, processes = 1 }: Program,
): Promise<Server> {
  const [file = '', ...args] = [...onServerCores(processes), ...command]
  const { PATH = '' } = process.env
  const child = spawn(file, args, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  endWith(ends, child)
  let said = ''
  let listeners = 0
  return new Promise((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        // Enough to see why it ended.
        said = `${said}${line}\n`.slice(-2000)
        const found = listening.exec(line)
        if (found === null) return
        listeners++
        if (listeners === processes) resolve({ pid: Number(child.pid), port: port ?? Number(found[1]) })
      })
    }
    child.once('error', reject)
    child.once('close', () => reject(new Error(`${command.join(' ')} ended: ${said}`)))
  })
}

/** Kills `child` when `ends` ends, and at the latest when this process does. */
export function endWith(ends: Teardown, child: ChildProcess): void {
  // One that could not be started tells so to whoever waits for it; there is nothing to end.
  const ended = once(child, 'exit').catch(() => {})
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  ends.teardown(async () => {
    process.off('exit', kill)
    kill()
    await ended
  })
}
