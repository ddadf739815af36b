import { type Bounds, type Log, LogUnavailable } from '../log/log.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type { Span, StatsDocument, Tally } from '../protocol/stats.ts'
import type { Clock } from '../stream/clock.ts'
import type { Hub } from '../stream/hub.ts'
import { MOST_SECONDS, Rates } from '../stream/rates.ts'
import type { ByTransport } from '../stream/stats.ts'
import { sumFigures } from './sum-figures.ts'

/** The other workers of an instance. */
export interface Siblings {
  /** Has `tell` called, and what it tells sent, when one of them asks. */
  answer(tell: () => Promise<StatsDocument>): void
  /** Asks them for their figures; who doesn't answer in time is missing. */
  ask(): Promise<readonly StatsDocument[]>
}

/** Where the figures come from. */
export interface FiguresOptions {
  readonly hub: Hub
  readonly log: Log
  /** whether this instance is being stopped */
  readonly draining: () => boolean
  readonly clock: Clock
  /** default: none */
  readonly siblings?: Siblings | undefined
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

  /** Nothing but the cursors in it needs the log, so without it they are what is missing. */
  async function reached<Part>(look: () => Part | Promise<Part>): Promise<Part | null> {
    try {
      return await look()
    } catch (error) {
      if (error instanceof LogUnavailable) return null
      throw error
    }
  }

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
      gaps: stats.gaps,
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
