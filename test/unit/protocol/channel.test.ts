import fc from 'fast-check'
import t from 'tap'
import { isChannelName, isChannelPattern, matches } from '../../../src/protocol/channel.ts'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'

const segment = 'x'.repeat(64)

t.test('a channel name is 1 to 8 segments of 1 to 64 segment characters, at most 255 in all', async (t) => {
  for (const name of ['a', 'user:42', 'a:b:c:d:e:f:g:h', segment, 'A-Z_a.z~0@9+=', '__proto__', '.', '..']) {
    t.ok(isChannelName(name), name)
  }
  const tooLong = `${Array(4).fill(segment).join(':')}:x`
  for (const name of [
    '',
    ':',
    'a:',
    ':a',
    'a::b',
    'a:b:c:d:e:f:g:h:i',
    `${segment}x`,
    tooLong,
    'a b',
    'a\n',
    '\na',
    'a\r\nb',
    'é',
    'a/b',
    '*',
    'a:*',
    'a:**',
    '\u0000',
  ]) {
    t.notOk(isChannelName(name), JSON.stringify(name))
  }
})

t.test('a pattern has * for a segment, and ** for the last', async (t) => {
  for (const pattern of ['a', '*', '**', 'a:*', '*:b', '*:*:*', 'a:**', '*:**', 'a:b:c:d:e:f:g:**']) {
    t.ok(isChannelPattern(pattern), pattern)
  }
  for (const pattern of ['', 'a*', '*a', '**:a', 'a:**:b', '***', 'a:', 'a:b:c:d:e:f:g:h:**', 'a:*\n']) {
    t.notOk(isChannelPattern(pattern), JSON.stringify(pattern))
  }
})

t.test('* stands for exactly one segment, ** for one or more', async (t) => {
  const table: [pattern: string, channel: string, matches: boolean][] = [
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'a:b', false],
    ['*', 'a', true],
    ['*', 'a:b', false],
    ['a:*', 'a:b', true],
    ['a:*', 'a', false],
    ['a:*', 'a:b:c', false],
    ['*:b', 'a:b', true],
    ['*:b', 'a:c', false],
    ['**', 'a', true],
    ['**', 'a:b:c', true],
    ['a:**', 'a', false],
    ['a:**', 'a:b', true],
    ['a:**', 'a:b:c', true],
    ['a:**', 'b:c', false],
    ['*:b:**', 'a:b:c', true],
    ['*:b:**', 'a:b', false],
  ]
  for (const [pattern, channel, expected] of table) {
    t.equal(matches(pattern, channel), expected, `${pattern} and ${channel}`)
  }
})

t.test('every valid name is a pattern that matches itself alone among names', async (t) => {
  const name = fc
    .array(fc.stringMatching(/^[a-c=.]{1,3}$/), { minLength: 1, maxLength: 8 })
    .map((segments) => segments.join(':'))
  fc.assert(
    fc.property(name, name, (one, other) => {
      return isChannelName(one) && isChannelPattern(one) && matches(one, other) === (one === other)
    }),
  )
  t.pass('in random runs')
})

t.test('a set of channels has each once, and gives up only what was added as such', async (t) => {
  const set = new ChannelSet(['a', 'b:*', 'a', 'b:*'])
  t.equal(set.size, 2)
  t.strictSame([...set], ['a', 'b:*'])
  t.ok(set.has('a'))
  t.ok(set.has('b:c'))
  t.notOk(set.has('b'))
  t.strictSame([...set.with(['c', 'a'])], ['a', 'c', 'b:*'])
  t.strictSame([...set.without(['b:c', 'a'])], ['b:*'], 'a name takes no bite out of a pattern')
})

t.test('a reserved channel is no valid name, and in a set only by its name', async (t) => {
  t.notOk(isChannelName('$a'))
  t.notOk(isChannelPattern('$a:*'))
  const patterns = new ChannelSet(['*', '**', '*:b'])
  for (const channel of ['$a', '$a:b']) {
    t.notOk(patterns.has(channel))
    t.ok(patterns.with([channel]).has(channel))
  }
})
