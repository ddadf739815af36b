import t from 'tap'
import { startChromium } from '../support/network/chromium.ts'
import { node } from '../support/network/node-client.ts'
import { isLong } from '../support/network/row.ts'
import { playRow } from '../support/network/run.ts'
import { AIM_BACK, type Line, tableOf } from '../support/network/table.ts'
import { debian } from './rows/debian.ts'
import { faulty } from './rows/faulty.ts'
import { healing } from './rows/healing.ts'

/** How much later than aimed at something may come on a machine that is busy with other things. */
const SLACK = 3

t.setTimeout((isLong ? 900 : 110) * 1000)
t.jobs = 6

const only = process.env['TIDINGS_TEST_ROWS']
const rows = [...healing, ...debian, ...faulty].filter(({ name }) => !only || new RegExp(only).test(name))
const runtimes = [node, await startChromium(t)]
const lines: Line[] = []

await Promise.all(
  rows.map((row) =>
    t.test(`${row.name}: every notification comes once and in order`, async (t) => {
      const { results, faults } = await playRow(t, row, runtimes)
      t.same(faults, [], 'nothing goes wrong')
      for (const result of results) {
        const { runtime, missing, repeated, isInOrder, last = 'nothing', notified = 0, back = 0 } = result
        lines.push({ ...result, row: row.name, aim: row.aim })
        t.same(
          { missing, repeated, isInOrder },
          { missing: 0, repeated: 0, isInOrder: true },
          `${runtime}: none missing`,
        )
        t.ok(row.ends.includes(last), `${runtime}: ends with ${row.ends.join(' or ')}; ${last}`)
        t.ok(notified <= SLACK * (row.aim ?? 0), `${runtime}: first notification after ${notified} s`)
        t.ok(back <= SLACK * AIM_BACK, `${runtime}: back after ${back} s`)
      }
    }),
  ),
)

const order = new Map(rows.map(({ name }, i) => [name, i]))
lines.sort((a, b) => (order.get(a.row) ?? 0) - (order.get(b.row) ?? 0))
for (const line of tableOf(lines)) t.comment(line)
