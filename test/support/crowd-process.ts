/**
 * A crowd of clients in a process of its own, started by `crowd.ts`: in one of `tap`, which follows every promise, thousands of them
 * take more than a core. Arguments: the service's address, and how many clients of each transport.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ClientKind } from './clients/client.ts'
import { lightLongPollClient } from './clients/long-poll.ts'
import { lightSseClient } from './clients/sse.ts'
import { abruptWebSocketClient } from './clients/websocket.ts'
import { channelsOf, type Progress, type Question, type Reckoning } from './crowd.ts'
import { Follower } from './follower.ts'
import type { Acknowledged } from './traffic.ts'
import { until } from './until.ts'
import { judge, total, type Verdict } from './verdict.ts'

const KINDS: readonly ClientKind[] = [abruptWebSocketClient, lightSseClient, lightLongPollClient]

/** How long their long-polls wait, in seconds. */
const WAIT = 5
/** Clients of each transport that come at once: all together fewer than the 511 that nginx has room for to be accepted. */
const AT_ONCE = 100

/** How late this process gets to what is due, in nanoseconds. */
const delay = monitorEventLoopDelay()
delay.enable()

/** All of them end with the process. */
const ENDS = { teardown: () => {} }

async function gather(url: string, countOfEach: number): Promise<Follower[]> {
  const channels = channelsOf(countOfEach)
  const followers: Follower[] = []
  const areReady = () => followers.every(({ begin }) => !Number.isNaN(begin))
  for (let n = 0; n < countOfEach; n++) {
    for (const kind of KINDS) {
      const channel = channels[followers.length % channels.length] ?? ''
      const follower = new Follower(ENDS, `${kind.transport} ${n}`, [channel], WAIT)
      followers.push(follower)
      void follower.roam([{ kind, target: { url } }])
    }
    if (n % AT_ONCE === 0) await until('all so far have a stream', areReady, 30)
  }
  await until('all have a stream', areReady, 30)
  return followers
}

function progressOf(followers: readonly Follower[]): Progress {
  const late = delay.max / 1e9
  delay.reset()
  return {
    late,
    openings: followers.flatMap(({ openings }) => openings.map((time) => performance.timeOrigin + time)),
    byes: followers.reduce((sum, { byes }) => sum + byes.length, 0),
    least: Math.min(...followers.map(({ received }) => received.length)),
  }
}

async function reckon(
  followers: readonly Follower[],
  acknowledged: readonly Acknowledged[],
): Promise<Reckoning> {
  const last = acknowledged.reduce((greatest, { position }) => Math.max(greatest, position), 0)
  const haveCome = () => followers.every(({ position }) => position >= last)
  // Where one has not, its verdict says what it is missing.
  await until('all have come to the end', haveCome, 60).catch(() => {})
  const byChannel = new Map<string, Acknowledged[]>()
  for (const one of acknowledged) {
    const others = byChannel.get(one.channel)
    if (others) others.push(one)
    else byChannel.set(one.channel, [one])
  }
  const verdicts = followers.map((follower): Verdict => {
    const its = [...follower.channels].flatMap((name) => byChannel.get(name) ?? [])
    return judge(follower, its)
  })
  return {
    verdict: total(verdicts),
    deliveries: followers.reduce((sum, { received }) => sum + received.length, 0),
  }
}

const [url = '', countOfEach] = process.argv.slice(2)
const followers = await gather(url, Number(countOfEach))
process.on('message', (question: Question) => {
  const answering =
    'acknowledged' in question ? reckon(followers, question.acknowledged) : progressOf(followers)
  void Promise.resolve(answering).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => process.exit())
process.send?.('gathered')
