import type { Report } from './report.ts'

/** Figures of one measurement, by name. */
export type Figures = Readonly<Record<string, number>>

/** One measurement: what was done, to which server. */
export interface Measurement {
  readonly round: number
  readonly what: string
  readonly server: string
  readonly figures: Figures
  /** everything that was told of it */
  readonly raw?: unknown
}

/** Notes one measurement of the round. */
export type Take = (what: string, server: string, figures: Figures, raw?: unknown) => void

/** The median of one figure; `undefined` when it was not measured. */
export type Median = (what: string, server: string, figure: string) => number | undefined

/**
 * Measures in rounds, in which every server has its turn, so that what the machine does beside weighs on all of them alike; puts
 * the medians into a table.
 * @param round measures everything once
 */
export async function inRounds(report: Report, round: (take: Take) => Promise<void>): Promise<Median> {
  const taken: Measurement[] = []
  for (let i = 1; i <= report.rounds; i++) {
    await round((what, server, figures, raw) => {
      taken.push({ round: i, what, server, figures, raw })
      const values = Object.entries(figures).map(([name, value]) => `${name} ${shown(value)}`)
      process.stdout.write(`round ${i}, ${what}, ${server}: ${values.join(', ')}\n`)
    })
  }
  report.keep(taken)
  const median: Median = (what, server, figure) =>
    middle(
      taken.filter((one) => one.what === what && one.server === server).map(({ figures }) => figures[figure]),
    )
  const names = [...new Set(taken.flatMap(({ figures }) => Object.keys(figures)))]
  const rows = new Map(taken.map(({ what, server }) => [`${what}\n${server}`, { what, server }]))
  report.table(`Medians, rounds: ${report.rounds}`, [
    ['what', 'server', ...names],
    ...[...rows.values()].map(({ what, server }) => [
      what,
      server,
      ...names.map((name) => shown(median(what, server, name))),
    ]),
  ])
  return median
}

/** One figure in relation to another; `undefined` when one of them is missing. */
export function ratio(of: number | undefined, to: number | undefined): number | undefined {
  return of === undefined || to === undefined ? undefined : of / to
}

function middle(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function shown(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
}
