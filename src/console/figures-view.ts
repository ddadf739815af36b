import type { StatsDocument } from '../protocol/stats.ts'
import { bars, line, topOf } from './chart.ts'
import { part, say } from './dom.ts'
import { TRANSPORTS } from './names.ts'

/** So many seconds are shown; the oldest goes first. The chart's `viewBox` has the same numbers. */
const SECONDS = 90
/** Before the figures are asked for again where there were none, in milliseconds. */
const RETRY_MS = 2_000
const ROOM = { width: SECONDS, height: 40 }

/** Follows an instance's figures at `url`, and shows them. */
export function figuresView(url: string): void {
  const seconds: StatsDocument[] = []
  const facts = part('facts', HTMLElement)
  const card = facts.closest('section')
  follow()

  function follow(): void {
    const source = new EventSource(url)
    source.onmessage = take
    source.onerror = () => {
      card?.classList.add('stale')
      say(facts, 'No figures come at the moment; what you see is the last there was.')
      // It comes back by itself when a connection is lost, but not from an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) setTimeout(follow, RETRY_MS)
    }
  }

  function take({ data }: MessageEvent<string>): void {
    const stats = JSON.parse(data) as StatsDocument
    seconds.push(stats)
    if (seconds.length > SECONDS) seconds.shift()
    card?.classList.remove('stale')
    showNumbers(stats)
    showChart(seconds)
  }
  function showNumbers(stats: StatsDocument): void {
    for (const transport of TRANSPORTS) text(`open-${transport}`, count(stats.connections[transport]))
    text('rate-published', count(stats.published.lastSecond))
    text('rate-delivered', count(stats.delivered.lastSecond.all))
    text('instance', `${stats.draining ? 'draining' : 'up'} ${uptime(stats.uptime)}`)
    const { window, catchUps, gaps, rejected } = stats
    const turnedAway = Object.values(rejected).reduce((sum, times) => sum + times, 0)
    const held = window
      ? `${count(window.notifications)} notifications (${bytes(window.bytes)}) in the window`
      : 'no log yet'
    const sentences = [
      `${count(stats.published.total)} published and ${count(stats.delivered.total.all)} delivered in all`,
      held,
      `catch-up reads ${count(catchUps.window)} window, ${count(catchUps.log)} log`,
      `${count(gaps)} gaps`,
      `${count(turnedAway)} turned away by limits`,
    ]
    // The dot stays with what is before it.
    say(facts, sentences.join('\u00a0· '))
  }
}

function showChart(seconds: readonly StatsDocument[]): void {
  const published = seconds.map((second) => second.published.lastSecond)
  const delivered = seconds.map((second) => second.delivered.lastSecond.all)
  const top = topOf(Math.max(...published, ...delivered))
  text('chart-most', count(top))
  const bases = seconds.map(() => 0)
  for (const transport of TRANSPORTS) {
    const values = seconds.map((second) => second.delivered.lastSecond[transport])
    draw(`bars-${transport}`, bars(values, bases, top, ROOM))
    values.forEach((value, i) => {
      bases[i] = (bases[i] ?? 0) + value
    })
  }
  draw('line-published', line(published, top, ROOM))
}

function draw(id: string, path: string): void {
  part(id, SVGPathElement).setAttribute('d', path)
}

function text(id: string, value: string): void {
  say(part(id, HTMLElement), value)
}

function count(value: number): string {
  const rounded = value >= 10 || Number.isInteger(value) ? Math.round(value) : Math.round(value * 10) / 10
  return rounded.toLocaleString('en')
}

function bytes(value: number): string {
  return value < 1024 ** 2 ? `${count(value / 1024)} KiB` : `${count(value / 1024 ** 2)} MiB`
}

function uptime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
