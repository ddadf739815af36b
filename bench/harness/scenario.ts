import type { Report } from './report.ts'

/** One benchmark, by the name of its file. */
export interface Scenario {
  readonly name: string
  /** what it measures, in a sentence */
  readonly about: string
  /** why it can't be run here; `undefined` when it can */
  readonly lacks?: () => string | undefined
  /** Measures, and says everything to the report. */
  run(report: Report): Promise<void>
}
