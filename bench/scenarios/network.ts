/** The hostile-network matrix of test/network, for this service's client in Node and for its peers behind the same faults. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { reverseProxies } from '../../test/network/rows/debian.ts'
import { faulty } from '../../test/network/rows/faulty.ts'
import { healing } from '../../test/network/rows/healing.ts'
import { node } from '../../test/support/network/node-client.ts'
import type { Row } from '../../test/support/network/row.ts'
import { playRow } from '../../test/support/network/run.ts'
import { serveTidings } from '../../test/support/network/service.ts'
import type { Line } from '../../test/support/network/table.ts'
import { withEnds } from '../harness/ends.ts'
import type { Report } from '../harness/report.ts'
import type { Scenario } from '../harness/scenario.ts'
import { CENTRIFUGE_SERVER, centrifuge } from '../peers/network/centrifuge.ts'
import type { Peer } from '../peers/network/peer.ts'
import { phoenix } from '../peers/network/phoenix.ts'
import { signalR } from '../peers/network/signalr.ts'
import { socketIo } from '../peers/network/socket-io.ts'

const CENTRIFUGE_SOURCE = fileURLToPath(new URL('../peers/network/centrifuge', import.meta.url))
/** Rows of one peer at the same time. */
const AT_ONCE = 8
const ROWS = [...faulty, ...healing, ...reverseProxies]

const tidings: Peer = { serve: serveTidings, runtime: { ...node, name: 'tidings' } }

/** The peers that can be had here; those whose server can't be built are left out. */
function peers(report: Report): Peer[] {
  const build = ['build', '-o', CENTRIFUGE_SERVER, '.']
  const { status } = spawnSync('go', build, { cwd: CENTRIFUGE_SOURCE, stdio: 'inherit' })
  if (status !== 0) report.note('centrifuge is left out: its server needs Go to be built.')
  return [tidings, socketIo(), ...(status === 0 ? [centrifuge()] : []), signalR(), phoenix()]
}

/** Plays all rows, and notes what clients did that did not come to a good end. */
async function play(report: Report, { serve, runtime }: Peer): Promise<Line[]> {
  const lines: Line[] = []
  const waiting = ROWS.entries()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [i, row] of waiting) {
        await withEnds(async (ends) => {
          const { results, troubles } = await playRow(ends, row, serve, [runtime])
          for (const result of results) lines[i] = { ...result, row: row.name, aim: row.aim }
          for (const trouble of troubles) report.note(`${runtime.name}, ${row.name}: ${trouble}`)
        })
      }
    }),
  )
  return lines
}

/** What matters of a line: the seconds to the first notification, or what has gone wrong. */
function verdictOf({ notified, back, missing, repeated, last }: Line, { ends }: Row): string {
  if (last === undefined) return '✗ hangs'
  if (missing + repeated > 0) return `✗ ${missing} missing, ${repeated} twice`
  // The transports below WebSocket differ from client to client.
  if (ends.every((end) => end === 'websocket') && last !== 'websocket') return `✗ stays on ${last}`
  return `✓ ${(notified ?? back ?? 0).toFixed(2)}`
}

export const scenario: Scenario = {
  name: 'network',
  about: 'Clients behind faulty networks and proxies: seconds to the first notification, or what went wrong.',
  async run(report) {
    const columns: (readonly [string, Line[]])[] = []
    for (const peer of peers(report)) columns.push([peer.runtime.name, await play(report, peer)])
    report.keep(columns.flatMap(([, lines]) => lines))
    report.table('Seconds to the first notification', [
      ['row', ...columns.map(([name]) => name)],
      ...ROWS.map((row, i) => [row.name, ...columns.map(([, lines]) => verdictOf(lines[i] as Line, row))]),
    ])
    for (const { row, missing, repeated, isInOrder } of columns[0]?.[1] ?? []) {
      if (missing + repeated > 0 || !isInOrder) {
        report.fail(
          `tidings, ${row}: ${missing} missing, ${repeated} repeated, ${isInOrder ? 'in' : 'out of'} order`,
        )
      }
    }
  },
}
