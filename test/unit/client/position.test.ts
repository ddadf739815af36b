import fc from 'fast-check'
import t from 'tap'
import { positionAt } from '../../../src/client/position.ts'

t.test('a hand-over at any moment neither loses nor repeats', async () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.nat(20), (before, during, after) => {
      const log = Array.from({ length: before + during + after }, (_, n) => `c${n}`)
      const position = positionAt('start')
      const taken: string[] = []
      const take = (cursor: string) => {
        if (position.take(cursor)) taken.push(cursor)
      }
      log.slice(0, before).forEach(take)
      position.fork()
      log.slice(before, before + during).forEach(take)
      position.join()
      log.slice(before).forEach(take)
      if (taken.join() !== log.join()) throw new Error(`${taken}`)
    }),
  )
})

t.test('while the new stream repeats, its other cursors lead nowhere', async (t) => {
  const position = positionAt('a')
  position.fork()
  position.take('b')
  position.take('c')
  position.join()
  t.equal(position.isRepeating(), true)
  t.equal(position.move('a2'), false)
  t.equal(position.cursor, 'c')
  t.equal(position.take('b'), false)
  t.equal(position.take('c'), false)
  t.equal(position.move('d'), true)
  t.equal(position.cursor, 'd')
})

t.test('a repeat that has expired meanwhile holds nothing up', async (t) => {
  const position = positionAt('a')
  position.fork()
  position.take('b')
  position.join()
  t.equal(position.take('c'), true)
  t.equal(position.move('d'), true)
})

t.test('when too much has come meanwhile, it says so', async (t) => {
  const position = positionAt('a')
  position.fork()
  for (let n = 0; n <= 1_000; n++) position.take(`${n}`)
  t.equal(position.join(), false)
})
