import fc from 'fast-check'
import t from 'tap'
import { GrantSet } from '../../../src/auth/grant-set.ts'
import { matches } from '../../../src/protocol/channel.ts'

/** All sequences of 1 to `length` of `segments`. */
function sequences(segments: readonly string[], length: number): string[][] {
  const one = segments.map((segment) => [segment])
  if (length === 1) return one
  return [
    ...one,
    ...sequences(segments, length - 1).flatMap((rest) => segments.map((segment) => [segment, ...rest])),
  ]
}

function covers(grant: string, wanted: string): boolean {
  return new GrantSet([grant]).permits(wanted)
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

// Names have one segment more than patterns, and a letter that is in no pattern: so none is covered by accident.
const NAMES = distinct(sequences(['a', 'b', 'c'], 4).map((segments) => segments.join(':')))
const CLOSED = distinct(sequences(['a', 'b', '*'], 3).map((segments) => segments.join(':')))
const PATTERNS = [
  ...CLOSED,
  ...CLOSED.filter((one) => one.split(':').length < 3).map((one) => `${one}:**`),
  '**',
]

t.test(
  'A grant covers a pattern exactly when every channel of the pattern is one of the grant',
  async (t) => {
    const channels = new Map(
      PATTERNS.map((pattern) => [pattern, new Set(NAMES.filter((name) => matches(pattern, name)))]),
    )
    let covered = 0
    const wrong: string[] = []
    for (const [grant, granted] of channels) {
      for (const [wanted, asked] of channels) {
        const isCovered = [...asked].every((name) => granted.has(name))
        if (covers(grant, wanted) !== isCovered) wrong.push(`${grant} ${wanted}`)
        if (isCovered) covered++
      }
    }
    t.same(wrong, [])
    t.equal(channels.size, 52)
    t.ok(covered > channels.size && covered < channels.size ** 2 / 2, `${covered} pairs are covered`)
  },
)

const segment = fc.constantFrom('a', 'b', '*')
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 7 }), fc.constantFrom('a', 'b', '*', '**'))
  .map(([segments, last]) => [...segments, last].join(':'))
const letter = fc.constantFrom('a', 'b', 'c')
const name = fc.array(letter, { minLength: 1, maxLength: 8 }).map((segments) => segments.join(':'))

/** A channel that `wanted` stands for, made with letters from `fill`; as long as it may be where `wanted` is open. */
function channelOf(wanted: string, fill: readonly string[]): string {
  const segments = wanted.split(':').map((one, i) => (one.startsWith('*') ? fill[i] : one))
  return [...segments, ...(wanted.endsWith('**') ? fill.slice(segments.length) : [])].join(':')
}

t.test('Of patterns of any length, none is covered of which a channel is not granted', async (t) => {
  let covered = 0
  const fill = fc.array(letter, { minLength: 8, maxLength: 8 })
  const property = fc.property(pattern, pattern, fill, (grant, wanted, letters) => {
    if (!covers(grant, wanted)) return true
    covered++
    return matches(grant, channelOf(wanted, letters))
  })
  fc.assert(property, { numRuns: 50_000, seed: 5 })
  t.ok(covered > 1_000, `${covered} pairs were covered`)
})

t.test('A channel is permitted exactly when a grant matches it', async (t) => {
  const property = fc.property(fc.array(pattern, { maxLength: 3 }), name, (grants, channel) => {
    return new GrantSet(grants).permits(channel) === grants.some((grant) => matches(grant, channel))
  })
  fc.assert(property, { numRuns: 20_000, seed: 5 })
  t.pass()
})

t.test('What is wanted is permitted exactly when one of the grants alone covers it', async (t) => {
  let permitted = 0
  const property = fc.property(fc.array(pattern, { maxLength: 12 }), pattern, (grants, wanted) => {
    const isPermitted = new GrantSet(grants).permits(wanted)
    if (isPermitted) permitted++
    return isPermitted === grants.some((grant) => covers(grant, wanted))
  })
  fc.assert(property, { numRuns: 20_000, seed: 5 })
  t.ok(permitted > 1_000, `${permitted} were permitted`)
})

t.test('Several grants together do not cover what none of them covers', async (t) => {
  t.notOk(new GrantSet(['a:b', 'a:*']).permits('a:**'))
  t.notOk(new GrantSet([]).permits('a'))
})
