/** Many notifications at once, to all of 1,000 subscribers: a server that writes once for many pays less for each. */
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
const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse']
const SUBSCRIBERS = 1000
const AT_ONCE = 10
const AT_MOST = 0.35

/** Ten in one request; a peer that takes one notification a request gets ten, one after the other. */
function together(peer: LoadPeer): Options {
  const count = Math.min(AT_ONCE, peer.mostAtOnce ?? 1)
  return [
    ...[...peer.publish(count), '--fanout', count * SUBSCRIBERS],
    ...['--window', AT_ONCE / count, '--warmup', 1, '--duration', 3],
  ]
}

/** 2,000 publishes a second by 16 connections, each of which waits for its answer: who can't follow gets fewer. */
function frequent(peer: LoadPeer): Options {
  return [
    ...peer.publish(1),
    '--rate',
    2000,
    '--pub-conns',
    16,
    '--warmup',
    0.5,
    '--duration',
    2,
    '--grace',
    15,
  ]
}

const LOADS = { '10 in one publish': together, '2,000 publishes/s': frequent }

export const scenario: Scenario = {
  name: 'bursts',
  about: 'Many notifications at once to 1,000 subscribers: CPU of the server for each delivery.',
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const transport of TRANSPORTS) {
        for (const [load, options] of Object.entries(LOADS)) {
          await measureLoad(report, take, PEERS, {
            what: `${transport}, ${load}`,
            options: (peer) => {
              const subscribe = peer.subscribe[transport]
              return subscribe && [...subscribe, '--conns', SUBSCRIBERS, ...options(peer)]
            },
          })
        }
      }
    })
    const cost = (what: string, { name }: LoadPeer) => median(what, name, 'CPU µs/delivery')
    report.targets(
      TRANSPORTS.flatMap((transport) =>
        Object.keys(LOADS).map((load) => {
          const what = `${transport}, ${load}`
          const measured = ratio(cost(what, tidings), cost(what, nchan))
          return { what: `${what}: tidings ÷ nchan`, measured, atMost: AT_MOST }
        }),
      ),
    )
  },
}
