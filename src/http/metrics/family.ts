import type { Bounds, LogStats } from '../../log/log.ts'
import type { Histogram } from '../../stream/histogram.ts'
import type { ByTransport, Stats } from '../../stream/stats.ts'
import type { Pace } from '../../stream/subscriber.ts'
import type { Window } from '../../stream/window.ts'

/** One process at the moment of a scrape. */
export interface Snapshot {
  readonly stats: Stats
  readonly logStats: LogStats
  /** open streams by what they do */
  readonly paces: Readonly<Record<Pace, ByTransport>>
  /** the newest notifications; `null` as long as the log has not been reached */
  readonly window: Window | null
  /** of the log; `null` while it can't be reached */
  readonly bounds: Bounds | null
  /** how many notifications wait to be published; `undefined` while that can't be told */
  readonly scheduled: number | undefined
  /** as `/readyz` says */
  readonly ready: boolean
  readonly draining: boolean
}

/** One line of a family, or the lines of a histogram. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | Histogram
}

/** What has one name in Prometheus' exposition format. */
export interface Family {
  /** by Prometheus' conventions: `tidings_`, base units, `_total` for what only grows */
  readonly name: `tidings_${string}`
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** its labels, and what each may be */
  readonly labels?: Readonly<Record<string, string>>
  /** Reads it. Without samples it is not known now. */
  readonly read: (snapshot: Snapshot) => readonly Sample[]
}

/** The one sample of a family without labels; none where it is not known. */
export function one(value: number | boolean | Histogram | undefined): Sample[] {
  return value === undefined
    ? []
    : [{ labels: {}, value: typeof value === 'boolean' ? Number(value) : value }]
}

/** A sample for each member of `values`, whose name is the value of `label`; further `labels` are the same for all. */
export function by(
  label: string,
  values: Readonly<Record<string, number | Histogram>>,
  labels: Sample['labels'] = {},
): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { ...labels, [label]: name }, value }))
}
