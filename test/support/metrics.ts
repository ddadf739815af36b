import { request } from 'undici'
import type { Target } from './clients/requests.ts'

/** What a scrape brought. */
export interface Scrape {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  /** The value of the line with this name and all of these labels; NaN where there is none. Of several, their sum. */
  value(name: string, labels?: Readonly<Record<string, string>>): number
  /** the names of all lines, and of histograms their own */
  readonly names: ReadonlySet<string>
}

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/gm

/** Reads `/metrics` as Prometheus does. */
export async function scrape(
  { url }: Target,
  headers: Readonly<Record<string, string>> = {},
): Promise<Scrape> {
  const answer = await request(`${url}/metrics`, { headers, reset: true })
  const text = await answer.body.text()
  const lines = Array.from(text.matchAll(LINE), ([, name = '', labels = '', value]) => ({
    name,
    labels,
    value: Number(value),
  }))
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    names: new Set(lines.map(({ name }) => name)),
    value(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
      const found = lines.filter(
        (line) => line.name === name && wanted.every((label) => line.labels.split(',').includes(label)),
      )
      return found.length === 0 ? Number.NaN : found.reduce((sum, line) => sum + line.value, 0)
    },
  }
}
