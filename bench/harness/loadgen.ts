import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { endWith, type Server } from './child.ts'
import { withEnds } from './ends.ts'
import { DESCRIPTORS } from './machine.ts'
import { temporaryDirectory } from './temporary.ts'

const SOURCE = fileURLToPath(new URL('../../../shared/loadgen', import.meta.url))
/** Longer than any run takes whose options have sensible times in them. */
const LONGEST_MS = 240_000

/** What the load generator tells of a run; µs, KiB and seconds by their names. */
export interface Run {
  readonly opened: number
  readonly failed: number
  readonly closed_early: number
  readonly connect_s: number
  readonly published: number
  readonly pub_ok: number
  readonly pub_err: number
  readonly pub_unsent: number
  readonly pub_rtt_p99_us: number
  readonly expected: number
  readonly received: number
  readonly missing: number
  readonly dups: number
  /** order is defined only where one connection publishes */
  readonly order_checked: boolean
  readonly out_of_order: number
  readonly run_s: number
  readonly deliveries_per_s: number
  readonly lat_us: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly cpu: {
    readonly server_s: number
    readonly us_per_delivery: number
    readonly connect_us_per_conn: number
  }
  readonly mem: { readonly pss_kib_per_conn: number; readonly rss_kib_per_conn: number }
  readonly error: string
}

let program: string | undefined

/** Builds the load generator in a directory that goes with this process; returns where it is. */
function build(): string {
  if (!existsSync(SOURCE)) {
    throw new Error(
      'the load generator is not there: its source is expected beside the repository, at ../shared/loadgen',
    )
  }
  const directory = temporaryDirectory()
  for (const file of ['Makefile', 'loadgen.c']) copyFileSync(join(SOURCE, file), join(directory, file))
  const { status, stderr } = spawnSync('make', ['-s'], { cwd: directory })
  if (status !== 0)
    throw new Error(`the load generator can't be built; it needs make and gcc: ${stderr ?? ''}`)
  return join(directory, 'loadgen')
}

/**
 * Runs the load generator against a server, whose CPU and memory it measures; builds it before the first run.
 * @throws when it can't be built, for its source is not beside the repository or there is no gcc, or doesn't run to its end
 */
export function runLoad(server: Server, options: readonly (string | number)[]): Promise<Run> {
  program ??= build()
  const file = program
  return withEnds(async (ends) => {
    const args = ['--port', server.port, '--pid', server.pid, ...options].map(String)
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LONGEST_MS })
    endWith(ends, child)
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    if (output === '') throw new Error(`the load generator told nothing: ${errors}`)
    return JSON.parse(output) as Run
  })
}

/** Options for `count` connections, in as many processes of the load generator as their descriptors take. */
export function connections(count: number): (string | number)[] {
  return ['--conns', count, '--procs', Math.ceil(count / (DESCRIPTORS * 0.9))]
}

/** What is wrong with a run, if anything: it makes its figures worthless. */
export function faultOf(run: Run): string | undefined {
  const faults = [
    [run.failed, 'connections failed'],
    [run.closed_early, 'connections were closed early'],
    [run.pub_err, 'publishes failed'],
    [run.missing, 'deliveries are missing'],
    [run.dups, 'deliveries were repeated'],
    [run.order_checked ? run.out_of_order : 0, 'deliveries were out of order'],
  ] as const
  const found = faults.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  if (found.length === 0) return undefined
  return [...found, ...(run.error === '' ? [] : [`first error: ${run.error}`])].join(', ')
}
