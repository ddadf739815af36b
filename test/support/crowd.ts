import type { ClientKind } from './clients/client.ts'
import { keptLongPollClient } from './clients/long-poll.ts'
import type { Target } from './clients/requests.ts'
import { fetchSseClient } from './clients/sse.ts'
import { abruptWebSocketClient } from './clients/websocket.ts'
import { Follower } from './follower.ts'
import type { Teardown } from './nats.ts'
import type { Acknowledged } from './traffic.ts'
import { until } from './until.ts'
import { FLAWLESS, judge, type Verdict } from './verdict.ts'

const KINDS: readonly ClientKind[] = [abruptWebSocketClient, fetchSseClient, keptLongPollClient]

/** Clients that share a channel, so that 200 publishes a second are 2,000 deliveries: what two cores can carry besides all else. */
const SHARING = 10
/** How long their long-polls wait, in seconds. */
const WAIT = 5
/** Clients of each transport that come at once: all together fewer than the 511 that nginx has room for to be accepted. */
const AT_ONCE = 100

/** Many clients of all transports, which come to one address and come back there. */
export interface Crowd {
  readonly followers: readonly Follower[]
  /** what they follow, each one of these */
  readonly channels: readonly string[]
}

/** Has so many clients of each transport come to `target`; resolves when all have a stream. */
export async function gather(t: Teardown, target: Target, countOfEach: number): Promise<Crowd> {
  const channels = Array.from({ length: (countOfEach * KINDS.length) / SHARING }, (_, n) => `crowd:${n}`)
  const followers: Follower[] = []
  for (let n = 0; n < countOfEach; n++) {
    for (const kind of KINDS) {
      const channel = channels[followers.length % channels.length] ?? ''
      const follower = new Follower(t, `${kind.transport} ${n}`, [channel], WAIT)
      followers.push(follower)
      void follower.roam([{ kind, target }])
    }
    if (n % AT_ONCE === 0) await until('all so far have a stream', () => followers.every(isReady))
  }
  await until('all have a stream', () => followers.every(isReady))
  return { followers, channels }
}

function isReady({ begin }: Follower): boolean {
  return !Number.isNaN(begin)
}

/** Adds up what is wrong with what the crowd was brought. */
export function judgeAll({ followers }: Crowd, acknowledged: readonly Acknowledged[]): Verdict {
  const byChannel = new Map<string, Acknowledged[]>()
  for (const one of acknowledged) {
    const others = byChannel.get(one.channel)
    if (others) others.push(one)
    else byChannel.set(one.channel, [one])
  }
  return followers
    .map((follower) =>
      judge(
        follower,
        [...follower.channels].flatMap((name) => byChannel.get(name) ?? []),
      ),
    )
    .reduce(add, FLAWLESS)
}

function add(one: Verdict, other: Verdict): Verdict {
  return {
    missing: one.missing + other.missing,
    repeated: one.repeated + other.repeated,
    outOfOrder: one.outOfOrder + other.outOfOrder,
    unknown: one.unknown + other.unknown,
    gaps: one.gaps + other.gaps,
  }
}
