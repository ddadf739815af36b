import fc from 'fast-check'
import t from 'tap'
import { Firsts } from '../../../src/stream/firsts.ts'

t.test('the first of all, in order and each once, whatever order they come in', async (t) => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '~'), maxLength: 3 }))
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 8 }), (texts, limit) => {
      const firsts = new Firsts(limit)
      for (const text of texts) if (firsts.mayAdd(text)) firsts.add(text)
      const expected = [...new Set(texts)].sort().slice(0, limit)
      return firsts.all().join() === expected.join()
    }),
  )
  t.pass('in 100 random runs')
})
