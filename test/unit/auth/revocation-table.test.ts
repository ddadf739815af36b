import t from 'tap'
import { EVERYONE, type Principal } from '../../../src/auth/principal.ts'
import { type Place, RevocationTable } from '../../../src/auth/revocation-table.ts'

const PLACE: Place = { epoch: 'e', position: 1, time: 0 }

function principal(subject: string | undefined, tokenId?: string): Principal {
  return { ...EVERYONE, subject, tokenId }
}

t.test('a revocation is of all tokens of a sub, or of the one with a jti, and of no others', async (t) => {
  const table = new RevocationTable()
  table.put({ claim: 'sub', value: '42', until: 10 }, PLACE)
  table.put({ claim: 'jti', value: 'x', until: 10 }, PLACE)
  t.ok(table.revokes(principal('42'), 0))
  t.ok(table.revokes(principal('42', 'y'), 0))
  t.ok(table.revokes(principal('7', 'x'), 0))
  t.notOk(table.revokes(principal('7', 'y'), 0))
  t.notOk(table.revokes(principal('x', '42'), 0), 'a sub is no jti')
  t.notOk(table.revokes(principal(undefined), 0), 'an API key has neither')
})

t.test('a revocation lapses on the millisecond, and is then forgotten', async (t) => {
  const table = new RevocationTable()
  table.put({ claim: 'sub', value: '42', until: 10 }, PLACE)
  table.put({ claim: 'sub', value: '43', until: 11 }, PLACE)
  t.ok(table.revokes(principal('42'), 9))
  t.notOk(table.revokes(principal('42'), 10))
  t.equal(table.size, 2)
  table.forgetLapsed(10)
  t.equal(table.size, 1)
  t.ok(table.revokes(principal('43'), 10))
})

t.test(
  'of several for the same tokens the one that holds longest counts, in whatever order they come',
  async (t) => {
    for (const order of [
      [10, 20],
      [20, 10],
    ]) {
      const table = new RevocationTable()
      for (const until of order) table.put({ claim: 'sub', value: '42', until }, PLACE)
      t.equal(table.size, 1)
      t.ok(table.revokes(principal('42'), 19))
      t.notOk(table.revokes(principal('42'), 20))
    }
  },
)

t.test(
  'what lies in the older half of the log by position or by age, or in another log, is ageing',
  async (t) => {
    const table = new RevocationTable()
    const places: Record<string, Place> = {
      'old by position': { epoch: 'e', position: 14, time: 100 },
      'old by age': { epoch: 'e', position: 19, time: 49 },
      'of another log': { epoch: 'f', position: 19, time: 100 },
      new: { epoch: 'e', position: 15, time: 50 },
    }
    for (const [value, place] of Object.entries(places))
      table.put({ claim: 'jti', value, until: 1000 }, place)
    const ageing = () => table.ageing({ epoch: 'e', first: 10, last: 20 }, 50).map(({ value }) => value)
    t.strictSame(ageing(), ['old by position', 'old by age', 'of another log'])
    table.put({ claim: 'jti', value: 'old by age', until: 1000 }, { epoch: 'e', position: 21, time: 100 })
    t.strictSame(ageing(), ['old by position', 'of another log'], 'once it is renewed it is no longer')
  },
)
