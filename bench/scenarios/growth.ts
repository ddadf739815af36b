/** From 1,000 connections to 40,000, at the same deliveries a second: whether one more costs more than the one before. */
import type { TransportKind } from '../../src/protocol/messages.ts'
import { withEnds } from '../harness/ends.ts'
import { connections, faultOf, runLoad } from '../harness/loadgen.ts'
import { holdable } from '../harness/machine.ts'
import { plotOf } from '../harness/plot.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { startTidings, tidings } from '../peers/load/tidings.ts'

const SIZES = [1000, 5000, 10_000, 20_000, 40_000]
const DELIVERIES_PER_SECOND = 10_000
const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']
const FIGURES = ['CPU µs/delivery', 'KiB/connection']
const AT_MOST = 1.25

export const scenario: Scenario = {
  name: 'growth',
  about: `${DELIVERIES_PER_SECOND} deliveries a second to ever more connections: CPU of the server for each, resident memory of the server for each connection.`,
  async run(report) {
    const sizes = [...new Set(SIZES.map(holdable))]
    if (sizes.length < SIZES.length || sizes.at(-1) !== SIZES.at(-1)) {
      report.note(`One process can hold ${sizes.at(-1)} connections here: sizes above are left out.`)
    }
    const median = await inRounds(report, async (take) => {
      for (const transport of TRANSPORTS) {
        for (const size of sizes) {
          await withEnds(async (ends) => {
            const run = await runLoad(await startTidings(ends), [
              ...(tidings.subscribe[transport] ?? []),
              ...[...connections(size), ...tidings.publish(1), '--rate', DELIVERIES_PER_SECOND / size],
              ...['--settle', 3, '--duration', 8, '--grace', 15],
            ])
            report.check(`${transport}, ${size} connections`, faultOf(run))
            const figures = {
              'CPU µs/delivery': run.cpu.us_per_delivery,
              'KiB/connection': run.mem.rss_kib_per_conn,
            }
            take(transport, `${size} connections`, figures, run)
          })
        }
      }
    })
    const at = (transport: string, size: number, figure: string) =>
      median(transport, `${size} connections`, figure)
    report.targets(
      TRANSPORTS.flatMap((transport) =>
        FIGURES.map((figure) => {
          const values = sizes.map((size) => at(transport, size, figure) ?? Number.NaN)
          // The cheapest size, not the smallest: what a runtime takes once weighs most on few connections.
          const measured = ratio(values.at(-1), Math.min(...values))
          return {
            what: `${transport}, ${figure}: ${sizes.at(-1)} connections ÷ cheapest`,
            measured,
            atMost: AT_MOST,
          }
        }),
      ),
    )
    const panels = FIGURES.map((title) => ({
      title,
      lines: TRANSPORTS.map((name) => ({ name, values: sizes.map((size) => at(name, size, title) ?? 0) })),
    }))
    report.plot('What a delivery and a connection cost', plotOf('connections', sizes, panels))
  },
}
