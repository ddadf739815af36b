import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { aligned } from '../../test/support/network/table.ts'
import { machine } from './machine.ts'
import type { Scenario } from './scenario.ts'

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url))

/** What is to be reached: a measured value, and the most that it may be, or the least. */
export interface Target {
  readonly what: string
  /** `undefined` when it could not be measured here */
  readonly measured: number | undefined
  readonly atMost?: number
  readonly atLeast?: number
}

/** The page of one run of a scenario: printed as it grows, and written to bench/results when it is whole. */
export class Report {
  readonly rounds: number
  readonly #lines: string[]
  readonly #failures: string[] = []
  readonly #name: string
  #raw: readonly unknown[] = []

  /** @param rounds how often everything is measured */
  constructor({ name, about }: Scenario, rounds: number) {
    this.rounds = rounds
    this.#name = name
    this.#lines = [`# ${name}`, '', about, '', `${new Date().toISOString().slice(0, 10)}, ${machine()}.`]
    this.#print(`\n${name}: ${about}`)
  }

  /** Something was lost, repeated or out of order, or did not work at all: the run has failed. */
  get hasFailed(): boolean {
    return this.#failures.length > 0
  }

  /** @param cells the titles, then row by row */
  table(heading: string, cells: readonly (readonly string[])[]): void {
    const [titles = [], ...rows] = cells
    const line = (row: readonly string[]) => `| ${row.join(' | ')} |`
    this.#lines.push('', `## ${heading}`, '', line(titles), line(titles.map(() => '---')), ...rows.map(line))
    this.#print(`\n${heading}`)
    for (const text of aligned(cells)) this.#print(text)
  }

  /** The table of what was to be reached, met or not. */
  targets(targets: readonly Target[]): void {
    this.table('Targets', [
      ['what', 'measured', 'target', 'reached'],
      ...targets.map(({ what, measured, atMost, atLeast }) => [
        what,
        shown(measured),
        atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`,
        verdict(measured, atMost, atLeast),
      ]),
    ])
  }

  /** Figures in relation to each other, for which nothing is to be reached. */
  ratios(ratios: readonly Pick<Target, 'what' | 'measured'>[]): void {
    this.table('Ratios', [
      ['what', 'measured'],
      ...ratios.map(({ what, measured }) => [what, shown(measured)]),
    ])
  }

  /** Something for the reader to know: what was left out, and why. */
  note(text: string): void {
    this.#lines.push('', text)
    this.#print(text)
  }

  /** Says what went wrong; the run fails. */
  fail(text: string): void {
    this.#failures.push(text)
    this.#print(`✗ ${text}`)
  }

  /** @param fault what was wrong with `what`, if anything: the run fails */
  check(what: string, fault: string | undefined): void {
    if (fault !== undefined) this.fail(`${what}: ${fault}`)
  }

  /** Shows a picture, which is kept beside the page. */
  plot(title: string, svg: string): void {
    mkdirSync(RESULTS, { recursive: true })
    writeFileSync(`${RESULTS}${this.#name}.svg`, svg)
    this.#lines.push('', `![${title}](${this.#name}.svg)`)
  }

  /** @param raw everything that was measured, for the file beside the page */
  keep(raw: readonly unknown[]): void {
    this.#raw = raw
  }

  /** Writes the page, and the raw figures beside it. */
  write(): void {
    const failures = this.#failures.map((text) => `- ✗ ${text}`)
    const lines = failures.length > 0 ? [...this.#lines, '', '## Failures', '', ...failures] : this.#lines
    mkdirSync(RESULTS, { recursive: true })
    writeFileSync(`${RESULTS}${this.#name}.md`, `${lines.join('\n')}\n`)
    const raw = this.#raw.map((one) => JSON.stringify(one)).join(',\n')
    writeFileSync(`${RESULTS}${this.#name}.json`, `[\n${raw}\n]\n`)
  }

  #print(line: string): void {
    process.stdout.write(`${line}\n`)
  }
}

function shown(measured: number | undefined): string {
  return measured?.toFixed(2) ?? 'not measured'
}

function verdict(measured: number | undefined, atMost = Infinity, atLeast = -Infinity): string {
  if (measured === undefined) return '–'
  return measured <= atMost && measured >= atLeast ? 'met' : 'not met'
}
