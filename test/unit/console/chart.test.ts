import t from 'tap'
import { bars, line, topOf } from '../../../src/console/chart.ts'

const room = { width: 90, height: 40 }

t.test('the scale is a round number with room for the highest value', async (t) => {
  t.same([0, 3, 10, 11, 21, 60, 4_999].map(topOf), [10, 10, 10, 20, 50, 100, 5_000])
})

t.test('the newest second is at the right, and bars stand on what is below them', async (t) => {
  t.equal(bars([5, 0, 10], [0, 0, 10], 20, room), 'M87.12 40v-10h.76V40zM89.12 20v-20h.76V20z')
  t.equal(line([0, 20], 20, room), 'M88 40h1L89 0h1')
  t.equal(line([], 20, room), '')
})
