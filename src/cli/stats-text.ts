import type { Rated, StatsDocument, Tally } from '../protocol/stats.ts'
import { table } from './table.ts'

/** An instance's figures for people, in a few lines. */
export function statsText(stats: StatsDocument): string {
  const { workers, uptime, draining, connections, published, delivered, catchUps, gaps, rejected } = stats
  return table([
    [
      'up',
      `${Math.floor(uptime)} s`,
      `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
      draining ? 'draining' : '',
    ],
    ['connections', ...byTransport(connections)],
    ['published', ...rated(published, (count) => count)],
    ['delivered', ...rated(delivered, ({ all }) => all)],
    ['catch-ups', `${catchUps.window} from the window`, `${catchUps.log} from the log`, `${gaps} gaps`],
    ['rejected', ...Object.entries(rejected).map(([limit, count]) => `${count} ${limit}`)],
    ['log', stats.log ? `after ${stats.log.floor}` : 'out of reach', stats.log ? `to ${stats.log.head}` : ''],
  ])
}

function byTransport({ all, ...kinds }: Tally): string[] {
  return [`${all}`, ...Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`)]
}

function rated<Value>(
  { total, lastSecond, lastTenSeconds }: Rated<Value>,
  count: (value: Value) => number,
): string[] {
  const rate = (value: Value) => `${Math.round(count(value) * 10) / 10}/s`
  return [`${count(total)}`, rate(lastSecond), `${rate(lastTenSeconds)} over ten seconds`]
}
