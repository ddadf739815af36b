import t from 'tap'
import { Histogram } from '../../../src/stream/histogram.ts'

t.test('a value is in the first bucket whose bound it does not exceed', async (t) => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11, 1000]) histogram.observe(value)
  t.strictSame(histogram.counts, [2, 2, 2])
  histogram.observe(2, 10)
  t.strictSame(histogram.counts, [2, 12, 2])
  t.equal(histogram.sum, 1043.5)
})
