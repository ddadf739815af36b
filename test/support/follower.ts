import { setTimeout as pause } from 'node:timers/promises'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { parseCursor } from '../../src/protocol/cursor.ts'
import type { ByeMessage, GapMessage, NotificationMessage } from '../../src/protocol/messages.ts'
import type { Client, ClientKind, Message } from './clients/client.ts'
import { fetchLongPollClient } from './clients/long-poll.ts'
import type { Target } from './clients/requests.ts'
import { eventSourceClient } from './clients/sse.ts'
import { abruptWebSocketClient } from './clients/websocket.ts'

/** One client for each transport, each of which goes without a word. */
export const ABRUPT_CLIENTS: readonly ClientKind[] = [
  abruptWebSocketClient,
  eventSourceClient,
  fetchLongPollClient,
]

/** A way to the log: over which transport, at which instance. */
export interface Route {
  readonly kind: ClientKind
  readonly target: Target
}

/** Before another route is tried after one has failed, in milliseconds. */
const RETRY = 50
/** What `followEverywhere` has each follow: half of the traffic, by name and by pattern. */
const CHANNELS_OF_EACH = ['load:0:0', 'load:1:*', 'load:3:**']

/** A subscriber's client that comes back with its cursor, by any route, and notes what it was brought. */
export class Follower {
  readonly name: string
  readonly channels: ChannelSet
  readonly received: NotificationMessage[] = []
  readonly gaps: GapMessage[] = []
  readonly byes: ByeMessage[] = []
  /** how many heartbeats, or answers to long-polls that brought nothing */
  heartbeats = 0
  /** when each of its streams was opened, by `performance.now()` */
  readonly openings: number[] = []
  /** the longest time between two notifications, in milliseconds */
  longestSilence = 0
  #latest: number | undefined
  #first: string | undefined
  #cursor: string | undefined
  #client: Client | undefined
  /** it was told not to come back before, by `performance.now()` */
  #returnAt = 0
  readonly #wait: number
  #isOver = false

  /** @param wait how long a long-poll waits, in seconds; then it brings a cursor, as a heartbeat does */
  constructor(t: { teardown(fn: () => unknown): void }, name: string, channels: readonly string[], wait = 1) {
    this.name = name
    this.channels = new ChannelSet(channels)
    this.#wait = wait
    t.teardown(() => this.stop())
  }

  /** how many streams it has had */
  get streams(): number {
    return this.openings.length
  }

  /** Where it began: it is to get everything behind this position. */
  get begin(): number {
    return positionOf(this.#first)
  }

  /** Where it stands. */
  get position(): number {
    return positionOf(this.#cursor)
  }

  /** Follows one route until it ends, which is an error, or until `enough` says so after a message; then breaks it off. */
  async follow({ kind, target }: Route, enough: () => boolean = () => false): Promise<void> {
    const client = await kind.open(target, {
      channel: [...this.channels],
      wait: this.#wait,
      ...(this.#cursor !== undefined && { cursor: this.#cursor }),
    })
    this.#client = client
    try {
      this.openings.push(performance.now())
      while (!this.#isOver) {
        const message = await client.inbox.next()
        this.#take(message)
        if (enough()) return
      }
    } finally {
      await client.close()
    }
  }

  /**
   * Follows one route after the other, until `stop`; whatever ends one is a reason to take the next. After `bye` it stays until it is
   * let go, and takes the next no sooner than it was told (PROTOCOL P-34).
   */
  async roam(routes: readonly Route[]): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const ended = this.follow(routes[n % routes.length] as Route)
      // It may have been told to stay away for an hour, which no test is to last.
      await ended.catch(() =>
        pause(Math.max(RETRY, this.#returnAt - performance.now()), undefined, { ref: false }),
      )
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#client?.close()
  }

  #take(message: Message): void {
    const bearer = message.type === 'notification' ? message.notification : message
    if ('cursor' in bearer) {
      this.#cursor = bearer.cursor
      this.#first ??= bearer.cursor
    }
    if (message.type === 'gap') this.gaps.push(message)
    if (message.type === 'heartbeat') this.heartbeats++
    if (message.type === 'bye') {
      this.byes.push(message)
      this.#returnAt = performance.now() + message.retryAfter
    }
    if (message.type !== 'notification') return
    const now = performance.now()
    this.longestSilence = Math.max(this.longestSilence, now - (this.#latest ?? now))
    this.#latest = now
    this.received.push(message.notification)
  }
}

function positionOf(cursor: string | undefined): number {
  return parseCursor(cursor ?? '')?.position ?? Number.NaN
}

/**
 * Has a client of each transport at each instance; when its stream breaks it comes back to the next instance.
 * Their names say where they began.
 */
export function followEverywhere(
  t: { teardown(fn: () => unknown): void },
  targets: readonly Target[],
): Follower[] {
  return targets.flatMap((_, n) =>
    ABRUPT_CLIENTS.map((kind) => {
      const follower = new Follower(t, `${kind.transport} at instance ${n}`, CHANNELS_OF_EACH)
      void follower.roam([...targets.slice(n), ...targets.slice(0, n)].map((target) => ({ kind, target })))
      return follower
    }),
  )
}
