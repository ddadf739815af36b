/** 10,000 connections on which nothing happens: what each weighs. */
import type { TransportKind } from '../../src/protocol/messages.ts'
import { connections } from '../harness/loadgen.ts'
import { idling, measureLoad } from '../harness/measure.ts'
import { inRounds } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { nchan } from '../peers/load/nchan.ts'
import { socketIo } from '../peers/load/socket-io.ts'
import { tidings } from '../peers/load/tidings.ts'
import { ws } from '../peers/load/ws.ts'

const PEERS = [tidings, socketIo, ws, nchan]
const CONNECTIONS = 10_000

/** The most that a connection may weigh, in KiB. */
const TARGETS: readonly [TransportKind, number][] = [
  ['websocket', 8],
  ['sse', 12],
  ['long-poll', 12],
]

export const scenario: Scenario = {
  name: 'idle',
  about:
    '10,000 idle connections: growth of the resident memory of the server from its start until 5 s after the last has connected.',
  async run(report) {
    const median = await inRounds(report, async (take) => {
      for (const [transport] of TARGETS) {
        await measureLoad(report, take, PEERS, {
          what: transport,
          options: (peer) => {
            const subscribe = peer.subscribe[transport]
            return subscribe && [...subscribe, ...connections(CONNECTIONS), '--settle', 5, '--idle', 0.1]
          },
          figures: idling,
        })
      }
    })
    report.targets(
      TARGETS.map(([transport, atMost]) => ({
        what: `${transport}: KiB/connection`,
        measured: median(transport, tidings.name, 'KiB/connection'),
        atMost,
      })),
    )
  },
}
