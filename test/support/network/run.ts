import { setTimeout as pause } from 'node:timers/promises'
import type { Teardown } from '../nats.ts'
import { Feed } from './feed.ts'
import { type Result, resultOf } from './result.ts'
import type { Row, Scene } from './row.ts'
import type { Runtime } from './runtime.ts'
import type { Serve } from './service.ts'

/** The longest that a client may take to become live or to get the rest, in seconds. */
const PATIENCE = 60

/** How a row has gone, with what went wrong besides. */
export interface Outcome {
  readonly results: readonly Result[]
  readonly troubles: readonly string[]
}

/** Plays one row in all runtimes at once, with one service behind one network. */
export async function playRow(
  t: Teardown,
  row: Row,
  serve: Serve,
  runtimes: readonly Runtime[],
): Promise<Outcome> {
  const stage = await row.start(t, serve)
  const feed = new Feed(stage.publish)
  t.teardown(() => feed.pause())
  const clients = await Promise.all(runtimes.map((runtime) => runtime.open(t, stage)))
  const records = clients.map(({ record }) => record)
  const all = (what: string, holds: (record: (typeof records)[number]) => boolean): Promise<unknown> =>
    Promise.all(records.map((record) => record.until(what, () => holds(record), PATIENCE)))

  let healedAt: number | undefined
  const live = async (transport?: string): Promise<void> => {
    const is = (own: string | undefined) => transport === undefined || own === transport
    await all(`live ${transport ?? ''}`, (record) => record.isLive && is(record.transport))
  }
  const pass = (seconds: number): Promise<void> => pause(seconds * 1000)
  const scene: Scene = {
    feed,
    live,
    pass,
    async watch(seconds) {
      await live()
      await all('a notification', ({ numbers }) => numbers.length > 0)
      await pass(seconds)
    },
    healed() {
      healedAt = Date.now()
    },
  }

  const troubles: string[] = []
  feed.start()
  try {
    await Promise.all(clients.map((client) => client.begin()))
    await stage.course(scene)
    const last = await feed.pause()
    await all(`number ${last}`, ({ numbers }) => numbers.includes(last))
    await live()
  } catch (error) {
    troubles.push(`${error}`)
  }
  troubles.push(...records.flatMap(({ runtime, troubles }) => troubles.map((text) => `${runtime}: ${text}`)))
  return { results: records.map((record) => resultOf(record, feed, healedAt)), troubles }
}
