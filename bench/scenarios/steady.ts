/** One notification at a time, to all of 1,000 subscribers: what each delivery costs the server. */
import type { TransportKind } from '../../src/protocol/messages.ts'
import { measureLoad } from '../harness/measure.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { nchan } from '../peers/load/nchan.ts'
import type { LoadPeer, Options } from '../peers/load/peer.ts'
import { socketIo } from '../peers/load/socket-io.ts'
import { tidings } from '../peers/load/tidings.ts'
import { ws } from '../peers/load/ws.ts'

const PEERS = [tidings, socketIo, ws, nchan]
const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']

/** As much as the server can do, with at most four notifications on their way; and far less than it can do. */
const LOADS: Readonly<Record<string, Options>> = {
  saturated: ['--window', 4, '--pub-conns', 4, '--warmup', 1, '--duration', 4],
  '10 a second': ['--rate', 10, '--warmup', 1, '--duration', 4],
}

/** The most that a delivery may cost, in relation to a peer's. */
const TARGETS: readonly [TransportKind, LoadPeer, number][] = [
  ['websocket', socketIo, 0.65],
  ['websocket', nchan, 1.15],
  ['sse', nchan, 1.15],
  ['long-poll', socketIo, 0.6],
  ['long-poll', nchan, 2],
]

export const scenario: Scenario = {
  name: 'steady',
  about: 'One notification at a time to 1,000 subscribers: CPU of the server for each delivery.',
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const transport of TRANSPORTS) {
        for (const [load, options] of Object.entries(LOADS)) {
          await measureLoad(report, take, PEERS, {
            what: `${transport}, ${load}`,
            options: (peer) => {
              const subscribe = peer.subscribe[transport]
              return subscribe && [...subscribe, '--conns', 1000, ...peer.publish(1), ...options]
            },
          })
        }
      }
    })
    const cost = (what: string, { name }: LoadPeer) => median(what, name, 'CPU µs/delivery')
    report.targets(
      TARGETS.flatMap(([transport, peer, atMost]) =>
        Object.keys(LOADS).map((load) => {
          const what = `${transport}, ${load}`
          return {
            what: `${what}: tidings ÷ ${peer.name}`,
            measured: ratio(cost(what, tidings), cost(what, peer)),
            atMost,
          }
        }),
      ),
    )
  },
}
