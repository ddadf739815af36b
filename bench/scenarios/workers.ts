/** One process and two that share a port and a log: whether each delivery costs the same, and how many more there are. */
import { withEnds } from '../harness/ends.ts'
import { faultOf, runLoad } from '../harness/loadgen.ts'
import { coresBeside } from '../harness/machine.ts'
import { deliveries } from '../harness/measure.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import type { Options } from '../peers/load/peer.ts'
import { embeddedLog, startTidings, tidings } from '../peers/load/tidings.ts'

const WORKERS = [1, 2]
const TIMES = ['--warmup', 1, '--duration', 4]

/**
 * The next notification when everybody has the last; and as many as the workers can do, with four under way for each of them, for of what
 * is stored at once a worker makes one write.
 */
const LOADS: Readonly<Record<'one at a time' | 'saturated', (workers: number) => Options>> = {
  'one at a time': () => ['--window', 1, '--pub-conns', 1],
  saturated: (workers) => ['--window', 4 * workers, '--pub-conns', 4 * workers],
}

export const scenario: Scenario = {
  name: 'workers',
  about: 'One worker and two, with 1,000 WebSocket subscribers: CPU for each delivery, deliveries a second.',
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const [what, load] of Object.entries(LOADS)) {
        for (const workers of WORKERS) {
          await withEnds(async (ends) => {
            const settings = { ...embeddedLog(ends), TIDINGS_WORKERS: `${workers}` }
            const run = await runLoad(await startTidings(ends, settings), [
              ...(tidings.subscribe.websocket ?? []),
              ...['--conns', 1000, ...tidings.publish(1), ...load(workers), ...TIMES],
            ])
            report.check(`${what}, ${workers} workers`, faultOf(run))
            take(what, `${workers} workers`, deliveries(run), run)
          })
        }
      }
    })
    const growth = (what: keyof typeof LOADS, figure: string) =>
      ratio(median(what, '2 workers', figure), median(what, '1 workers', figure))
    // Two workers and the load generator: with fewer cores than that it is the machine that is measured.
    const hasRoom = coresBeside(2) > 0
    if (!hasRoom)
      report.note('Deliveries a second of two workers need three cores, so only their cost is compared.')
    report.targets([
      ...(['one at a time', 'saturated'] as const).map((what) => ({
        what: `CPU for each delivery, ${what}: 2 workers ÷ 1`,
        measured: growth(what, 'CPU µs/delivery'),
        atMost: 1.1,
      })),
      {
        what: 'deliveries/s, saturated: 2 workers ÷ 1',
        measured: hasRoom ? growth('saturated', 'deliveries/s') : undefined,
        atLeast: 1.7,
      },
    ])
  },
}
