/**
 * `npm test`: provides what the tests need, runs them all or the files given, and says in the last line how many assertions
 * passed and failed. Exits 0 only when some passed and none failed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { providePrograms } from './programs.ts'
import { type Tally, tally } from './tally.ts'

const NOTHING_RAN: Tally = { passed: 0, failed: 1 }

async function runTests(files: readonly string[]): Promise<Tally> {
  const missing = providePrograms()
  if (missing.length > 0) {
    console.error(`The tests need programs that are not installed: apt-get install ${missing.join(' ')}`)
    return NOTHING_RAN
  }
  // A fresh install has tap's test class with all plugins, and a run that finds so loads the very one that .taprc leaves out.
  if (tap(['build']) !== 0) return NOTHING_RAN

  const directory = mkdtempSync(join(tmpdir(), 'tidings-test-'))
  try {
    const output = join(directory, 'output.tap')
    const status = tap(['run', `--output-file=${output}`, ...files])
    if (!existsSync(output)) return NOTHING_RAN
    const { passed, failed } = await tally(output)
    return { passed, failed: status === 0 && passed > 0 ? failed : Math.max(failed, 1) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function tap(args: readonly string[]): number | null {
  return spawnSync('npx', ['tap', ...args], { stdio: 'inherit' }).status
}

const { passed, failed } = await runTests(process.argv.slice(2))
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
