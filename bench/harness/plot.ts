/** One diagram: lines over the same places. */
export interface Panel {
  readonly title: string
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[]
}

const WIDTH = 420
const HEIGHT = 260
const MARGIN = { top: 40, right: 20, bottom: 50, left: 50 }
const COLOURS = ['#1f6feb', '#d29922', '#2da44e']
const TICKS = 4

/**
 * Diagrams side by side, as SVG, with axes from 0.
 * @param places where the values of each line are, from left to right
 */
export function plotOf(axis: string, places: readonly number[], panels: readonly Panel[]): string {
  const drawn = panels.map(
    (panel, i) => `<g transform="translate(${i * WIDTH} 0)">${draw(axis, places, panel)}</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH * panels.length} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${drawn.join('\n')}
</svg>
`
}

function draw(axis: string, places: readonly number[], { title, lines }: Panel): string {
  const most = Math.max(...lines.flatMap(({ values }) => values)) * 1.1
  const widest = Math.max(...places)
  const x = (place: number) => round(MARGIN.left + (place / widest) * (WIDTH - MARGIN.left - MARGIN.right))
  const y = (value: number) =>
    round(HEIGHT - MARGIN.bottom - (value / most) * (HEIGHT - MARGIN.top - MARGIN.bottom))
  const levels = Array.from({ length: TICKS + 1 }, (_, i) => (most * i) / TICKS)
  return [
    text(MARGIN.left, 20, title, 'font-weight="bold"'),
    ...levels.flatMap((level) => [
      `<path d="M${x(0)} ${y(level)}H${x(widest)}" stroke="#ddd"/>`,
      text(MARGIN.left - 6, y(level) + 4, level.toFixed(1), 'text-anchor="end"'),
    ]),
    ...places.map((place) => text(x(place), HEIGHT - 34, `${place / 1000}k`, 'text-anchor="middle"')),
    text(x(widest), HEIGHT - 16, axis, 'text-anchor="end"'),
    ...lines.flatMap(({ name, values }, i) => {
      const points = values.map((value, at) => `${x(places[at] ?? 0)},${y(value)}`).join(' ')
      const colour = COLOURS[i % COLOURS.length]
      return [
        `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        text(MARGIN.left + i * 90, HEIGHT - 16, name, `fill="${colour}"`),
      ]
    }),
  ].join('\n')
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${content}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
