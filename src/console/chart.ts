/** The room that a chart has, in the units of its SVG: one second is one unit wide. */
export interface Room {
  readonly width: number
  readonly height: number
}

/** The top of the scale for the highest value: 1, 2 or 5 times a power of ten, at least 10. */
export function topOf(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 10)))
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest
}

/** Path of bars, the newest at the right; each stands on its `base`. */
export function bars(
  values: readonly number[],
  bases: readonly number[],
  top: number,
  { width, height }: Room,
): string {
  const left = width - values.length
  return values
    .map((value, i) => {
      if (value <= 0) return ''
      const foot = height * (1 - (bases[i] ?? 0) / top)
      return `M${left + i + 0.12} ${round(foot)}v${round((-value / top) * height)}h.76V${round(foot)}z`
    })
    .join('')
}

/** Path of a line with steps, the newest at the right. */
export function line(values: readonly number[], top: number, { width, height }: Room): string {
  const left = width - values.length
  const y = (value: number) => round(height * (1 - value / top))
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${left + i} ${y(value)}h1`).join('')
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
