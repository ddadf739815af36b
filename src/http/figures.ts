import type { Bounds, Log } from '../log/log.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type { Span, StatsDocument, Tally } from '../protocol/stats.ts'
import type { Clock } from '../stream/clock.ts'
import type { Hub } from '../stream/hub.ts'
import { MOST_SECONDS, Rates } from '../stream/rates.ts'
import type { ByTransport } from '../stream/stats.ts'
import { reached } from './reached.ts'
import type { Siblings } from './siblings.ts'
import { sumFigures } from './sum-figures.ts'

/** Where the figures come from. */
export interface FiguresOptions {
  readonly hub: Hub
  readonly log: Log
  /** whether this instance is being stopped */
  readonly draining: () => boolean
  readonly clock: Clock
  /** default: none */
  readonly siblings?: Siblings<StatsDocument> | undefined
}

/** The figures of one instance. */
export interface Figures {
  /** As they are now. */
  read(): Promise<StatsDocument>
  /** Ends the measuring. */
  close(): void
}

/** Begins to measure. */
export function openFigures({ hub, log, draining, clock, siblings }: FiguresOptions): Figures {
  const { stats } = hub
  const started = clock.now()
  const rates = new Rates(stats, clock)

  function window(): StatsDocument['window'] {
    const { floor, head, length, weight } = hub.window
    return { notifications: length, bytes: weight, ...span(hub.epoch, floor, head) }
  }

  async function own(): Promise<StatsDocument> {
    const [second, seconds] = [rates.over(1), rates.over(MOST_SECONDS)]
    return {
      workers: 1,
      uptime: (clock.now() - started) / 1000,
      draining: draining(),
      connections: tally(stats.connections),
      published: {
        total: stats.published,
        lastSecond: second.published,
        lastTenSeconds: seconds.published,
      },
      delivered: {
        total: tally(stats.delivered),
        lastSecond: tally(second.delivered),
        lastTenSeconds: tally(seconds.delivered),
      },
      catchUps: { window: stats.windowReads, log: stats.logReads },
      gaps: stats.gaps.retention + stats.gaps.epoch,
      rejected: stats.rejected,
      window: await reached(window),
      log: await reached(async () => spanOf(await log.bounds())),
    }
  }

  siblings?.answer(own)
  return {
    async read() {
      const [mine, others] = await Promise.all([own(), siblings?.ask()])
      return sumFigures(mine, others ?? [])
    },
    close: () => rates.close(),
  }
}

function tally(numbers: Readonly<ByTransport>): Tally {
  return { ...numbers, all: numbers.websocket + numbers.sse + numbers['long-poll'] }
}

function spanOf({ epoch, first, last }: Bounds): Span {
  return span(epoch, first - 1, last)
}

function span(epoch: string, floor: number, head: number): Span {
  return { floor: formatCursor(epoch, floor), head: formatCursor(epoch, head) }
}
