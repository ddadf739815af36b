/** All clients are cut at once and come back with their cursors: what that costs beside their first coming. */
import { until } from '../../test/support/until.ts'
import { Crowd } from '../harness/crowd.ts'
import { Deliveries } from '../harness/deliveries.ts'
import { withEnds } from '../harness/ends.ts'
import { holdable } from '../harness/machine.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { publish, statsOf } from '../harness/service.ts'
import { cpuOf } from '../harness/usage.ts'
import { startTidings, tidings } from '../peers/load/tidings.ts'

const CLIENTS = holdable(20_000)
/** Clients that come and go before anything is measured, so that no code is cold. */
const BEFORE = 2000
/** Of so many clients, one has missed a notification. */
const ONE_IN = 10
const BATCH = 500

const pathOf = (client: number) => `/v1/stream?channel=c:${client}`
const [FIRST, RETURN] = ['first connects', 'return with cursors']

export const scenario: Scenario = {
  name: 'storm',
  about: `${CLIENTS} WebSocket clients, all cut at once, come back with their cursors; one in ${ONE_IN} has missed something: CPU of the server beside that of their first connects.`,
  async run(report) {
    const median = await inRounds(report, (take) =>
      withEnds(async (ends) => {
        const { pid, port } = await startTidings(ends, { TIDINGS_HEARTBEAT_SECONDS: '3600' })
        const deliveries = new Deliveries()
        const crowd = new Crowd(ends, (...heard) => deliveries.heard(...heard))

        /** Connects all; waits for `missed` deliveries. */
        const gather = async (what: string, paths: readonly string[], missed: number) => {
          const before = { cpu: cpuOf(pid), at: performance.now(), reads: (await statsOf(port)).catchUps.log }
          await crowd.gather(port, paths)
          const seconds = (performance.now() - before.at) / 1000
          report.check(what, await deliveries.fault(missed))
          take(what, tidings.name, {
            'CPU µs/connect': (cpuOf(pid) - before.cpu) / paths.length,
            'all live after s': seconds,
            'reads of the log': (await statsOf(port)).catchUps.log - before.reads,
          })
        }
        const cut = async () => {
          await crowd.cut()
          await until('all are gone', async () => (await statsOf(port)).connections.all === 0, 30)
        }

        await crowd.gather(
          port,
          Array.from({ length: BEFORE }, (_, i) => pathOf(i)),
        )
        await cut()
        const clients = Array.from({ length: CLIENTS }, (_, i) => i)
        await gather(FIRST, clients.map(pathOf), 0)
        await cut()
        const missing = clients.filter((client) => client % ONE_IN === 0).map((client) => `c:${client}`)
        for (let i = 0; i < missing.length; i += BATCH) await publish(port, missing.slice(i, i + BATCH), i)
        const paths = clients.map((client) => `${pathOf(client)}&cursor=${crowd.cursors[client]}`)
        await gather(RETURN, paths, missing.length)
      }),
    )
    const cost = (what: string) => median(what, tidings.name, 'CPU µs/connect')
    report.targets([
      { what: 'CPU: return ÷ first connects', measured: ratio(cost(RETURN), cost(FIRST)), atMost: 1.3 },
      { what: 'reads of the log', measured: median(RETURN, tidings.name, 'reads of the log'), atMost: 0 },
    ])
  },
}
