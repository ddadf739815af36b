import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseCursor } from '../../src/protocol/cursor.ts'
import { publish, type Target } from './clients/requests.ts'

/** Between two attempts to publish the same, in milliseconds. */
const RETRY = 50
/** The most publishes on their way at once; while so many are, no new ones begin. */
const IN_FLIGHT = 500

/** What an instance says when its log can't take it, and a proxy when it gets no answer from an instance. */
const RETRYABLE: ReadonlySet<number> = new Set([502, 503, 504])

/** Notifications a second. */
const RATE = 200

/** The channels that are published on where no others are named: four groups of five. */
export const CHANNELS = Array.from({ length: 20 }, (_, i) => `load:${Math.floor(i / 5)}:${i % 5}`)

/** A notification that was answered with 2xx. */
export interface Acknowledged {
  readonly id: string
  readonly channel: string
  readonly position: number
}

/** A publisher that goes on through every fault, sending the same again, with the same id, until it is acknowledged. */
export interface Traffic {
  readonly acknowledged: readonly Acknowledged[]
  /** the longest time between two acknowledgements, in milliseconds */
  readonly longestSilence: number
  /** Begins nothing new; resolves when all that was begun is acknowledged. Rejects when something was refused for good. */
  stop(): Promise<void>
}

/** Publishes 200 notifications a second, on one channel after the other, to one target after the other. */
export function startTraffic(
  t: { teardown(fn: () => unknown): void },
  targets: readonly Target[],
  channels: readonly string[] = CHANNELS,
): Traffic {
  const run = randomUUID()
  const acknowledged: Acknowledged[] = []
  const underWay = new Set<Promise<void>>()
  let isOver = false
  let refusal: unknown
  let count = 0
  let latest = performance.now()
  let longestSilence = 0

  async function store(n: number): Promise<void> {
    const channel = channels[n % channels.length] ?? ''
    const id = `${run}-${n}`
    for (let attempt = n; !isOver; attempt++) {
      const target = targets[attempt % targets.length] as Target
      const answer = await publish(target, { channel, id, data: n }).catch(() => undefined)
      if (answer && answer.status < 300) {
        const position = parseCursor(answer.body.notifications[0]?.cursor ?? '')?.position ?? Number.NaN
        acknowledged.push({ id, channel, position })
        const now = performance.now()
        longestSilence = Math.max(longestSilence, now - latest)
        latest = now
        return
      }
      if (answer && !RETRYABLE.has(answer.status)) throw new Error(JSON.stringify(answer))
      await pause(RETRY)
    }
  }

  const began = performance.now()
  const clock = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * RATE) - count
    for (let i = 0; i < due; i++) {
      const n = count++
      if (underWay.size >= IN_FLIGHT) continue
      const storing = store(n).catch((error: unknown) => {
        refusal ??= error
      })
      underWay.add(storing)
      void storing.then(() => underWay.delete(storing))
    }
  }, 20)
  t.teardown(() => {
    isOver = true
    clearInterval(clock)
  })

  return {
    acknowledged,
    get longestSilence() {
      return longestSilence
    },
    async stop() {
      clearInterval(clock)
      await Promise.all(underWay)
      if (refusal) throw refusal
    },
  }
}
