/** One process and two that share a port and a log: whether each delivery costs the same, and how many more there are. */
import { SETTINGS } from '../../src/config/settings.ts'
import { withEnds } from '../harness/ends.ts'
import { faultOf, runLoad } from '../harness/loadgen.ts'
import { coresBeside } from '../harness/machine.ts'
import { deliveries } from '../harness/measure.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { embeddedLog, startTidings, tidings } from '../peers/load/tidings.ts'

const WORKERS = [1, 2]
const SATURATED = ['--window', 4, '--pub-conns', 4, '--warmup', 1, '--duration', 4]

const isKnown = SETTINGS.some(({ variable }) => variable === 'TIDINGS_WORKERS')

export const scenario: Scenario = {
  name: 'workers',
  about:
    'One worker and two, saturated by 1,000 WebSocket subscribers: CPU for each delivery, deliveries a second.',
  lacks: () => (isKnown ? undefined : 'the service has no setting TIDINGS_WORKERS yet'),
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const workers of WORKERS) {
        await withEnds(async (ends) => {
          const settings = { ...embeddedLog(ends), TIDINGS_WORKERS: `${workers}` }
          const run = await runLoad(await startTidings(ends, settings), [
            ...(tidings.subscribe.websocket ?? []),
            ...['--conns', 1000, ...tidings.publish(1), ...SATURATED],
          ])
          report.check(`${workers} workers`, faultOf(run))
          take('saturated', `${workers} workers`, deliveries(run), run)
        })
      }
    })
    const growth = (figure: string) =>
      ratio(median('saturated', '2 workers', figure), median('saturated', '1 workers', figure))
    // Two workers and the load generator: with fewer cores than that it is the machine that is measured.
    const hasRoom = coresBeside(2) > 0
    if (!hasRoom)
      report.note('Deliveries a second of two workers need three cores, so only their cost is compared.')
    report.targets([
      { what: 'CPU for each delivery: 2 workers ÷ 1', measured: growth('CPU µs/delivery'), atMost: 1.1 },
      {
        what: 'deliveries/s: 2 workers ÷ 1',
        measured: hasRoom ? growth('deliveries/s') : undefined,
        atLeast: 1.7,
      },
    ])
  },
}
