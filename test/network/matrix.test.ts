import t from 'tap'
import { startChromium } from '../support/network/chromium.ts'
import { node } from '../support/network/node-client.ts'
import { isLong } from '../support/network/row.ts'
import { playRow } from '../support/network/run.ts'
import { serveTidings } from '../support/network/service.ts'
import { AIM_BACK, type Line, tableOf } from '../support/network/table.ts'
import { forwardProxies, reverseProxies } from './rows/debian.ts'
import { faulty } from './rows/faulty.ts'
import { healing } from './rows/healing.ts'
import { service } from './rows/service.ts'
import { tokens } from './rows/tokens.ts'

/** How much later than aimed at something may come on a machine that is busy with other things. */
const SLACK = isLong ? 1 : 3
const ROWS = [...faulty, ...healing, ...service, ...tokens, ...reverseProxies, ...forwardProxies]

t.setTimeout((isLong ? 900 : 200) * 1000)
t.jobs = 6

const runtimes = [node, await startChromium(t)]
const lines: Line[][] = []

await Promise.all(
  ROWS.map((row, i) =>
    t.test(`${row.name}: every notification comes once and in order`, async (t) => {
      const { results, troubles } = await playRow(t, row, serveTidings, runtimes)
      lines[i] = results.map((result) => ({ ...result, row: row.name, aim: row.aim }))
      t.same(troubles, [], 'nothing goes wrong')
      for (const result of results) {
        const { runtime, missing, repeated, isInOrder, last = 'nothing', notified = 0, back = 0 } = result
        t.same(
          [missing, repeated, isInOrder],
          [0, 0, true],
          `${runtime}: none missing, repeated or out of order`,
        )
        t.ok(row.ends.includes(last), `${runtime}: ends with ${last}, may end with ${row.ends.join(' or ')}`)
        t.ok(
          notified <= SLACK * (row.aim ?? 0),
          `${runtime}: the first notification comes after ${notified} s`,
        )
        t.ok(back <= SLACK * AIM_BACK, `${runtime}: it is back after ${back} s`)
      }
    }),
  ),
)

for (const line of tableOf(lines.flat())) t.comment(line)
