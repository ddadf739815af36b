/** 10,000 connections on which nothing happens: what each weighs. */
import type { TransportKind } from '../../src/protocol/messages.ts'
import { connections } from '../harness/loadgen.ts'
import { idling, type Loads, measurePeers, whatOf } from '../harness/measure.ts'
import { inRounds } from '../harness/rounds.ts'
import type { Scenario } from '../harness/scenario.ts'
import { nchan } from '../peers/load/nchan.ts'
import { socketIo } from '../peers/load/socket-io.ts'
import { tidings } from '../peers/load/tidings.ts'
import { ws } from '../peers/load/ws.ts'

const IDLE = '10,000 connections'
const loads: Loads = { [IDLE]: () => [...connections(10_000), '--settle', 5, '--idle', 0.1] }

/** The most that a connection may weigh, in KiB. */
const TARGETS: readonly [TransportKind, number][] = [
  ['websocket', 8],
  ['sse', 12],
  ['long-poll', 12],
]

export const scenario: Scenario = {
  name: 'idle',
  about:
    'Idle connections: growth of the resident memory of the server from its start until 5 s after the last has connected.',
  async run(report) {
    const measured = { transports: TARGETS.map(([transport]) => transport), loads, figures: idling }
    const peers = [tidings, socketIo, ws, nchan]
    const median = await inRounds(report, (take) => measurePeers(report, take, peers, measured))
    report.targets(
      TARGETS.map(([transport, atMost]) => {
        const what = whatOf(transport, IDLE)
        const measured = median(what, tidings.name, 'KiB/connection')
        return { what: `${what}: KiB/connection`, measured, atMost }
      }),
    )
  },
}
