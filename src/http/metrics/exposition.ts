import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client'
import type { Histogram } from '../../stream/histogram.ts'
import { FAMILIES } from './families.ts'
import type { Sample, Snapshot } from './family.ts'

/** A metric as prom-client has it in JSON: what workers tell each other. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: unknown
  readonly aggregator: string
  readonly values: readonly {
    readonly labels: Readonly<Record<string, string | number>>
    readonly value: number
    readonly metricName?: string
  }[]
}

/** `text/plain` in version 0.0.4 of the exposition format. */
export const MEDIA_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Sums of what is there by type; their names say that they only grow, which they don't. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

let processRegistry: Registry | undefined

/** Begins to measure the process and Node.js: once, however many services the process has. */
export function measureProcess(): void {
  if (processRegistry) return
  processRegistry = new Registry()
  collectDefaultMetrics({ register: processRegistry })
  for (const name of MISNAMED) processRegistry.removeSingleMetric(name)
}

/** All metrics of this process. @param worker its label, where there are several */
export async function metricsOf(snapshot: Snapshot, worker: string | undefined): Promise<Metric[]> {
  const own = FAMILIES.map(({ name, type, help, read }) => ({
    ...{ name, type, help },
    values: read(snapshot).flatMap((sample) => lines(name, sample)),
  }))
  const label = worker === undefined ? {} : { worker }
  const ofProcess = ((await processRegistry?.getMetricsAsJSON()) ?? []) as Metric[]
  return [...own, ...ofProcess].map((metric) => ({
    ...metric,
    // Workers have labels of their own: no two lines are the same, and nothing is added up.
    aggregator: 'first',
    values: metric.values.map((line) => ({ ...line, labels: { ...line.labels, ...label } })),
  }))
}

/** The text of all workers' metrics together. */
export function exposition(workers: readonly (readonly Metric[])[]): Promise<string> {
  return AggregatorRegistry.aggregate([...workers]).metrics()
}

function lines(name: string, { labels, value }: Sample): Metric['values'] {
  return typeof value === 'number' ? [{ labels, value }] : buckets(name, labels, value)
}

function buckets(
  name: string,
  labels: Sample['labels'],
  { bounds, counts, sum }: Histogram,
): Metric['values'] {
  let count = 0
  const cumulative = counts.map((own, index) => {
    count += own
    return { labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count, metricName: `${name}_bucket` }
  })
  return [
    ...cumulative,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ]
}
