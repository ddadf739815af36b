import t from 'tap'
import { FAMILIES } from '../../../../src/http/metrics/families.ts'
import type { Snapshot } from '../../../../src/http/metrics/family.ts'
import { startLogStats } from '../../../../src/log/log.ts'
import { Histogram } from '../../../../src/stream/histogram.ts'
import { startStats, tally } from '../../../../src/stream/stats.ts'
import type { Window } from '../../../../src/stream/window.ts'

let greatest = 0

/** Puts a number that is nowhere else into each place for one, into a histogram as its sum. Returns them all. */
function distinguish(figures: object): number[] {
  return Object.entries(figures).flatMap(([name, value]) => {
    if (typeof value === 'object' && !(value instanceof Histogram)) return distinguish(value)
    greatest++
    if (value instanceof Histogram) value.observe(greatest)
    else Object.assign(figures, { [name]: greatest })
    return [greatest]
  })
}

const none = () => ({ websocket: 0, sse: 0, 'long-poll': 0 })

t.test('every figure is one metric’s, and no two metrics have the same', async (t) => {
  const stats = startStats()
  for (const reasons of Object.values(stats.closed)) tally(reasons, 'gone')
  tally(stats.authFailures, 'token-invalid')
  const logStats = startLogStats()
  const paces = { live: none(), 'catching-up': none(), blocked: none() }
  const window = { length: 0, weight: 0 }
  const figures = distinguish({ stats, logStats, paces, window })
  const tailLag = ++greatest
  const scheduled = ++greatest
  const snapshot: Snapshot = {
    ...{ stats, logStats, paces, scheduled, ready: false, draining: false },
    window: { ...window, head: 1 } as unknown as Window,
    bounds: { epoch: 'e', first: 1, last: 1 + tailLag },
  }
  const samples = FAMILIES.flatMap(({ name, labels = {}, read }) =>
    read(snapshot).map((sample) => ({ name, known: Object.keys(labels), ...sample })),
  )
  for (const { name, known, labels } of samples) t.strictSame(Object.keys(labels).sort(), known.sort(), name)
  const lines = new Set(samples.map(({ name, labels }) => JSON.stringify([name, labels])))
  t.equal(lines.size, samples.length, 'no line comes twice')

  const yesOrNo = ['tidings_log_available', 'tidings_ready', 'tidings_draining']
  const shown = samples
    .filter(({ name }) => !yesOrNo.includes(name))
    .map(({ value }) => (typeof value === 'number' ? value : value.sum))
  // Of the streams that are open the metrics say more: what each does.
  const open = Object.values(stats.connections)
  const expected = [...figures.filter((figure) => !open.includes(figure)), tailLag, scheduled]
  t.strictSame(shown.sort(byNumber), expected.sort(byNumber))
})

function byNumber(a: number, b: number): number {
  return a - b
}
