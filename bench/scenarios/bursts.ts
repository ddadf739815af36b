/** Many notifications at once, to all of 1,000 subscribers: a server that writes once for many pays less for each. */
import type { TransportKind } from '../../src/protocol/messages.ts'
import { deliveries, type Loads, measurePeers, whatOf } from '../harness/measure.ts'
import { inRounds, ratio } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { nchan } from '../peers/load/nchan.ts'
import type { LoadPeer, Options } from '../peers/load/peer.ts'
import { socketIo } from '../peers/load/socket-io.ts'
import { tidings } from '../peers/load/tidings.ts'
import { ws } from '../peers/load/ws.ts'

const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse']
const SUBSCRIBERS = 1000
const AT_ONCE = 10
/** The most that a delivery may cost, in relation to Nchan's. */
const AT_MOST = 0.35

/** Ten in one request; a peer that takes one notification a request gets ten, one after the other. */
function together(peer: LoadPeer): Options {
  const count = Math.min(AT_ONCE, peer.mostAtOnce ?? 1)
  return [
    ...['--conns', SUBSCRIBERS, ...peer.publish(count), '--fanout', count * SUBSCRIBERS],
    ...['--window', AT_ONCE / count, '--warmup', 1, '--duration', 3],
  ]
}

/**
 * 2,000 publishes a second for two seconds, as long as at most 200 are not yet delivered to all: who can't follow gets fewer, and not
 * a backlog that would be measured instead.
 */
function frequent(peer: LoadPeer): Options {
  return [
    ...['--conns', SUBSCRIBERS, ...peer.publish(1), '--window', 200, '--pub-conns', 16],
    ...['--warmup', 0.5, '--duration', 2, '--count', 4000, '--grace', 15],
  ]
}

const loads: Loads = { '10 in one publish': together, '2,000 publishes/s': frequent }

export const scenario: Scenario = {
  name: 'bursts',
  about: 'Many notifications at once to 1,000 subscribers: CPU of the server for each delivery.',
  async run(report) {
    const measured = { transports: TRANSPORTS, loads, figures: deliveries }
    const peers = [tidings, socketIo, ws, nchan]
    const median = await inRounds(report, (take) => measurePeers(report, take, peers, measured))
    const cost = (what: string, { name }: LoadPeer) => median(what, name, 'CPU µs/delivery')
    report.targets(
      TRANSPORTS.flatMap((transport) =>
        Object.keys(loads).map((load) => {
          const what = whatOf(transport, load)
          const measured = ratio(cost(what, tidings), cost(what, nchan))
          return { what: `${what}: tidings ÷ nchan`, measured, atMost: AT_MOST }
        }),
      ),
    )
  },
}
