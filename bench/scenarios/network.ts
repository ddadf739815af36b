/**
 * The hostile-network matrix of test/network for this service's client in Node, and for those of its peers behind the same faults:
 * when the first notification comes, when it is back, and what is missing or repeated. Slow rows have their short form.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { reverseProxies } from '../../test/network/rows/debian.ts'
import { faulty } from '../../test/network/rows/faulty.ts'
import { healing } from '../../test/network/rows/healing.ts'
import type { Teardown } from '../../test/support/nats.ts'
import { node } from '../../test/support/network/node-client.ts'
import type { Row } from '../../test/support/network/row.ts'
import { playRow } from '../../test/support/network/run.ts'
import { serveTidings } from '../../test/support/network/service.ts'
import { aligned, type Line, tableOf } from '../../test/support/network/table.ts'
import { CENTRIFUGE_SERVER, centrifuge } from '../peers/network/centrifuge.ts'
import type { Peer } from '../peers/network/peer.ts'
import { phoenix } from '../peers/network/phoenix.ts'
import { signalR } from '../peers/network/signalr.ts'
import { socketIo } from '../peers/network/socket-io.ts'

const PEERS = fileURLToPath(new URL('./peers', import.meta.url))
/** Rows of one peer at the same time. */
const AT_ONCE = 8
const ROWS = [...faulty, ...healing, ...reverseProxies]

const print = (line: string): boolean => process.stdout.write(`${line}\n`)

/** The peers that can be had here; those whose server can't be built are left out. */
function peers(): Peer[] {
  if (!existsSync(`${PEERS}/node_modules`)) {
    spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: PEERS, stdio: 'inherit' })
  }
  const built = spawnSync('go', ['build', '-o', CENTRIFUGE_SERVER, '.'], {
    cwd: `${PEERS}/centrifuge`,
    stdio: 'inherit',
  })
  if (built.status !== 0) print('centrifuge is left out: its server needs Go to be built')
  return [
    { serve: serveTidings, runtime: { ...node, name: 'tidings' } },
    socketIo(),
    ...(built.status === 0 ? [centrifuge()] : []),
    signalR(),
    phoenix(),
  ]
}

/** Plays all rows and prints their table, with what clients did that did not come to a good end. */
async function play({ serve, runtime }: Peer): Promise<Line[]> {
  const lines: Line[] = []
  const stories: string[] = []
  const waiting = ROWS.entries()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [i, row] of waiting) {
        const ends: (() => unknown)[] = []
        const here = { teardown: (end: () => unknown) => ends.unshift(end) } as Teardown
        const { results, troubles } = await playRow(here, row, serve, [runtime])
        for (const result of results) lines[i] = { ...result, row: row.name, aim: row.aim }
        stories.push(...troubles.map((trouble) => `${row.name}: ${trouble}`))
        for (const end of ends) await end()
      }
    }),
  )
  print(`\n${runtime.name}`)
  for (const line of tableOf(lines)) print(line)
  for (const story of stories) print(story)
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

const names: string[] = []
const columns: string[][] = []
for (const peer of peers()) {
  names.push(peer.runtime.name)
  const lines = await play(peer)
  columns.push(ROWS.map((row, i) => verdictOf(lines[i] as Line, row)))
}
print('\nSeconds to the first notification, or what went wrong')
const cells = [
  ['row', ...names],
  ...ROWS.map(({ name }, i) => [name, ...columns.map((column) => column[i] ?? '')]),
]
for (const line of aligned(cells)) print(line)
// Some of the clients leave timers behind.
process.exit()
