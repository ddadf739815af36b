import type { Fault } from '../../support/network/fault.ts'
import {
  ancient,
  blockSse,
  cutIdleWebSocket,
  cutLongPoll,
  cutSse,
  delay,
  holdSse,
  ignoreUpgrade,
  killWebSocket,
  muteWebSocket,
  refuseUpgrade,
  swallowLargeFrames,
} from '../../support/network/faults.ts'
import { type Row, type Scene, seconds } from '../../support/network/row.ts'
import { AIM, behindFaults, fallSilent } from './stages.ts'

const row = (
  name: string,
  ends: readonly string[],
  faults: readonly Fault[],
  course?: (scene: Scene) => Promise<void>,
): Row => ({
  name,
  ends,
  aim: faults.length > 1 ? AIM.more : AIM.one,
  start: behindFaults(faults, course),
})

/** Idle connections live so long, in seconds, and nothing is published for so long. */
const IDLE = seconds(3, 10)
const SILENCE = seconds(10, 60)

/** Networks that are as they are. What hinders a lower transport refuses upgrades besides: else it would not be used. */
export const faulty: readonly Row[] = [
  row('clean', ['websocket'], []),
  row('upgrade refused (400)', ['sse'], [refuseUpgrade(400)]),
  row('upgrade refused (403)', ['sse'], [refuseUpgrade(403)]),
  row('upgrade refused (502)', ['sse'], [refuseUpgrade(502)]),
  row('upgrade never answered', ['sse'], [ignoreUpgrade()]),
  row('upgrade accepted, then mute', ['sse'], [muteWebSocket()]),
  row('WebSocket dies within a second', ['sse', 'websocket'], [killWebSocket(700)], ({ watch }) =>
    watch(seconds(3, 60)),
  ),
  row(
    `idle WebSocket cut after ${IDLE} s`,
    ['websocket'],
    [cutIdleWebSocket(IDLE * 1000)],
    fallSilent(SILENCE),
  ),
  row('frames above 1 KiB swallowed', ['sse'], [swallowLargeFrames(1024)], ({ watch }) =>
    watch(seconds(3, 60)),
  ),
  row('no WebSocket, SSE wholly held', ['long-poll'], [refuseUpgrade(403), holdSse()]),
  row('no WebSocket, SSE in blocks of 8 KiB', ['long-poll'], [refuseUpgrade(403), blockSse(8192)]),
  row(
    'no WebSocket, SSE cut every 5 s',
    ['sse', 'long-poll'],
    [refuseUpgrade(403), cutSse(5000)],
    ({ watch }) => watch(seconds(7, 30)),
  ),
  row('WebSocket mute and SSE held', ['long-poll'], [muteWebSocket(), holdSse()]),
  row(
    `long-polls only, cut after ${IDLE} s`,
    ['long-poll'],
    [refuseUpgrade(403), holdSse(), cutLongPoll(IDLE * 1000)],
    fallSilent(SILENCE),
  ),
  row('CDN that adds 300 ms', ['websocket'], [delay(300)]),
  row('HTTP/1.0 without keep-alive', ['sse'], [ancient()]),
]
