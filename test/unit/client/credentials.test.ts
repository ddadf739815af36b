import t from 'tap'
import { usableFor } from '../../../src/client/credentials.ts'

const NOW = Date.UTC(2026, 0, 1)

function tokenWith(claims: object): string {
  return ['{}', JSON.stringify(claims), ''].map((part) => Buffer.from(part).toString('base64url')).join('.')
}

t.test('a token is replaced when four fifths of its time are over', async (t) => {
  t.equal(usableFor(tokenWith({ exp: NOW / 1000 + 100, name: 'ÿ?>~' }), NOW), 80_000)
})

t.test('a token that has run out, or a wrong clock, makes no storm of requests', async (t) => {
  t.equal(usableFor(tokenWith({ exp: NOW / 1000 - 100 }), NOW), 5_000)
})

t.test('a token that does not say when it ends is used for ever', async (t) => {
  t.equal(usableFor(tokenWith({ sub: 'ann' }), NOW), Number.POSITIVE_INFINITY)
  t.equal(usableFor('opaque', NOW), Number.POSITIVE_INFINITY)
})
