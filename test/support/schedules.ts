import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { parseCursor } from '../../src/protocol/cursor.ts'
import type { NotificationMessage } from '../../src/protocol/messages.ts'
import { get, publish, type Target } from './clients/requests.ts'
import { type Acknowledged, CHANNELS } from './traffic.ts'
import { until } from './until.ts'

/** Between two attempts, in milliseconds. */
const RETRY = 50
/** So many are scheduled in a second, each for a time up to so many milliseconds ahead. */
const RATE = 20
const AHEAD = 3000
/** Each so many is cancelled as soon as it is scheduled. */
const CANCEL = 10

/** A publisher of notifications for later, which goes on through every fault, some of which it cancels. */
export interface Schedules {
  /**
   * Schedules nothing new; waits until all that are scheduled are in the log, and says whether each is once, and none that was cancelled.
   * @param late the longest that one may be late, in milliseconds
   * @returns those that were published
   */
  conclude(t: Test, late: number): Promise<Acknowledged[]>
}

/** Schedules on `CHANNELS`, at one target after the other. */
export function startSchedules(
  t: { teardown(fn: () => unknown): void },
  targets: readonly Target[],
): Schedules {
  const run = randomUUID()
  /** by id: when it is due, milliseconds since 1970 */
  const scheduled = new Map<string, number>()
  const cancelled = new Set<string>()
  const underWay = new Set<Promise<void>>()
  let isOver = false
  let count = 0

  async function schedule(n: number): Promise<void> {
    const channel = CHANNELS[n % CHANNELS.length] ?? ''
    const id = `${run}-later-${n}`
    const due = Date.now() + ((n * 7919) % AHEAD)
    const at = new Date(due).toISOString()
    await persist(async (target) => {
      const { status } = await publish(target, { channel, id, data: n, at })
      return status < 300
    })
    if (n % CANCEL > 0) scheduled.set(id, due)
    else {
      await persist(async ({ url }) => {
        const { status } = await fetch(`${url}/v1/notifications/${channel}/${id}`, { method: 'DELETE' })
        if (status === 204) cancelled.add(id)
        // It was too late, or its answer was lost for longer than it is remembered.
        if (status === 409) scheduled.set(id, due)
        return status === 204 || status === 409
      })
    }
  }

  async function persist(attempt: (target: Target) => Promise<boolean>): Promise<void> {
    for (let n = count; !isOver; n++) {
      if (await attempt(targets[n % targets.length] as Target).catch(() => false)) return
      await pause(RETRY)
    }
  }

  const clock = setInterval(() => {
    const scheduling = schedule(count++)
    underWay.add(scheduling)
    void scheduling.then(() => underWay.delete(scheduling))
  }, 1000 / RATE)
  t.teardown(() => {
    isOver = true
    clearInterval(clock)
  })

  return {
    async conclude(t, late) {
      clearInterval(clock)
      await Promise.all(underWay)
      const published = await findAll(run, new Set(scheduled.keys()), targets[0] as Target)
      const ids = published.map(({ id }) => id)
      t.ok(ids.length > 0, `${ids.length} were scheduled, and ${cancelled.size} cancelled`)
      t.equal(new Set(ids).size, ids.length, 'each was published once')
      t.strictSame(
        [...scheduled.keys()].filter((id) => !ids.includes(id)),
        [],
        'none is missing',
      )
      t.strictSame(
        ids.filter((id) => cancelled.has(id)),
        [],
        'none was published that was cancelled',
      )
      const lateness = published.flatMap(({ id, time }) => {
        const due = scheduled.get(id)
        return due === undefined ? [] : [Date.parse(time) - due]
      })
      t.ok(Math.min(...lateness) >= 0, 'none came before its time')
      const latest = Math.max(...lateness)
      t.ok(latest <= late, `${latest} ms late are at most ${late}`)
      return published.map(({ id, channel, cursor }) => ({
        ...{ id, channel },
        position: parseCursor(cursor)?.position ?? Number.NaN,
      }))
    },
  }
}

/** What of a run's scheduled notifications is in the log, as soon as all of `wanted` are, or 30 s have passed. */
async function findAll(
  run: string,
  wanted: ReadonlySet<string>,
  target: Target,
): Promise<NotificationMessage[]> {
  const found: NotificationMessage[] = []
  const missing = new Set(wanted)
  let cursor = 'earliest'
  await until(
    'all that was scheduled is in the log',
    async () => {
      const query = `channel=load:**&limit=1000&wait=0&cursor=${cursor}`
      const { body } = await get(target, `/v1/stream?${query}`)
      const page = body as { cursor: string; notifications: NotificationMessage[] }
      cursor = page.cursor
      for (const notification of page.notifications) {
        missing.delete(notification.id)
        if (notification.id.startsWith(`${run}-later-`)) found.push(notification)
      }
      return page.notifications.length === 0 && missing.size === 0
    },
    30,
    // What is missing tells more.
  ).catch(() => undefined)
  return found
}
