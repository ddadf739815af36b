/**
 * `npm run bench` runs all benchmarks, `npm run bench -- NAME …` those named, with `--rounds N` in other than three rounds;
 * bench/README.md says how to read what they tell.
 * Exits with 1 when a delivery was missing, repeated or out of order, or a benchmark did not work.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { DESCRIPTORS, moveToClientCores } from './harness/machine.ts'
import { Report } from './harness/report.ts'
import type { Scenario } from './harness/scenario.ts'

/** The largest number of connections that a scenario asks for, and some. */
const DESCRIPTORS_WANTED = 41_000

const names = readdirSync(`${import.meta.dirname}/scenarios`).map((file) => file.replace(/\.ts$/, ''))

/** What must be there before anything is measured: the build of the service, and the peers. */
function prepare(): void {
  for (const [args, cwd] of [
    [['run', 'build'], `${import.meta.dirname}/..`],
    [['ci', '--ignore-scripts', '--loglevel=error'], import.meta.dirname],
  ] as const) {
    const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw new Error(`npm ${args[0]} failed`)
  }
  moveToClientCores()
  if (DESCRIPTORS < DESCRIPTORS_WANTED) {
    process.stdout.write(
      `A process may open ${DESCRIPTORS} descriptors here, so some benchmarks are smaller than meant; ` +
        `for the whole, raise the hard limit first: ulimit -Hn ${DESCRIPTORS_WANTED}\n`,
    )
  }
}

async function play(name: string): Promise<boolean> {
  const { scenario } = (await import(`./scenarios/${name}.ts`)) as { scenario: Scenario }
  const report = new Report(scenario, rounds)
  const lacking = scenario.lacks?.()
  if (lacking !== undefined) {
    report.note(`Left out: ${lacking}.`)
    return true
  }
  try {
    await scenario.run(report)
  } catch (error) {
    report.fail(`${error}`)
  }
  report.write()
  return !report.hasFailed
}

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' } },
  allowPositionals: true,
})
const rounds = Number(values.rounds)
const chosen = positionals.length > 0 ? positionals : names
// An exit, unlike the death by a signal, ends what was started.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

if (rounds >= 1 && chosen.every((name) => names.includes(name))) {
  prepare()
  let isGood = true
  for (const name of chosen) isGood = (await play(name)) && isGood
  // Some of the peers' clients leave timers behind.
  process.exit(isGood ? 0 : 1)
} else {
  process.stderr.write(`npm run bench [-- --rounds N] [NAME …], where NAME is one of: ${names.join(', ')}\n`)
  process.exitCode = 2
}
