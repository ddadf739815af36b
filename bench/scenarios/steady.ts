/** One notification at a time, to all of 1,000 subscribers: what each delivery costs the server. */
import type { TransportKind } from '../../src/protocol/messages.ts'
import { deliveries, type Loads, measurePeers, whatOf } from '../harness/measure.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { nchan } from '../peers/load/nchan.ts'
import type { LoadPeer } from '../peers/load/peer.ts'
import { socketIo } from '../peers/load/socket-io.ts'
import { tidings } from '../peers/load/tidings.ts'
import { ws } from '../peers/load/ws.ts'

const TO_ALL = ['--conns', 1000, '--warmup', 1, '--duration', 4]

/** As much as the server can do, with at most four notifications on their way; and far less than it can do. */
const loads: Loads = {
  saturated: (peer) => [...TO_ALL, ...peer.publish(1), '--window', 4, '--pub-conns', 4],
  '10 a second': (peer) => [...TO_ALL, ...peer.publish(1), '--rate', 10],
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
    const measured = {
      transports: ['websocket', 'sse', 'long-poll'],
      loads,
      figures: deliveries,
    } as const
    const peers = [tidings, socketIo, ws, nchan]
    const median = await inRounds(report, (take) => measurePeers(report, take, peers, measured))
    const cost = (what: string, { name }: LoadPeer) => median(what, name, 'CPU µs/delivery')
    report.targets(
      TARGETS.flatMap(([transport, peer, atMost]) =>
        Object.keys(loads).map((load) => {
          const what = whatOf(transport, load)
          const measured = ratio(cost(what, tidings), cost(what, peer))
          return { what: `${what}: tidings ÷ ${peer.name}`, measured, atMost }
        }),
      ),
    )
  },
}
