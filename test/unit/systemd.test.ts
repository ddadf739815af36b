import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EX_CONFIG } from '../../src/cluster/workers.ts'
import { loadSettings } from '../../src/config/load.ts'
import { packageJson } from '../support/package-json.ts'
import { STOP_SECONDS } from '../support/stopping.ts'

const UNIT = readFileSync(new URL('../../config/systemd/tidings.service', import.meta.url), 'utf8')
const settings = loadSettings({})

/** The values of an option, in order. */
function option(name: string): string[] {
  return Array.from(UNIT.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value = '']) => value)
}

/** Runs systemd-analyze on the unit, with the Node.js of this machine in it. */
function analyze(t: { testdir(files: Record<string, string>): string }, ...args: string[]) {
  const directory = t.testdir({ 'tidings.service': UNIT.replace('/usr/bin/node', process.execPath) })
  return spawnSync('systemd-analyze', [...args, join(directory, 'tidings.service')], { encoding: 'utf8' })
}

t.test('systemd finds nothing wrong with the unit', async (t) => {
  const { status, stderr } = analyze(t, 'verify', '--man=no')
  t.strictSame([status, stderr], [0, ''])
})

t.test('systemd counts its exposure as small', async (t) => {
  // 1.5 of 10: the network, which it is for, and what V8 needs.
  const { status, stdout } = analyze(t, 'security', '--offline=yes', '--no-pager', '--threshold=15')
  t.equal(status, 0, stdout)
})

t.test('it starts what `npm start` does', async (t) => {
  t.strictSame(
    option('ExecStart').map((command) => command.replace('/usr/bin/', 'exec ').replace('/opt/tidings/', '')),
    [packageJson().scripts.start],
  )
})

t.test('it has time to drain, a descriptor for each stream, and no restart that is in vain', async (t) => {
  t.ok(Number(option('TimeoutStopSec')) > settings.drainSeconds + STOP_SECONDS)
  t.ok(Number(option('LimitNOFILE')) > settings.maxConnections + 1000)
  t.strictSame(option('RestartPreventExitStatus'), [String(EX_CONFIG)])
})

t.test('its log is in the one directory that it may write to', async (t) => {
  const [directory] = option('StateDirectory')
  t.match(option('Environment')[0], `TIDINGS_DATA_DIR=%S/${directory}`)
})
