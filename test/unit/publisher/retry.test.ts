import t from 'tap'
import { CODES } from '../../../src/protocol/codes.ts'
import { Failure } from '../../../src/publisher/failure.ts'
import { persist, retryAfterOf, waitAfter } from '../../../src/publisher/retry.ts'

const NEVER = new AbortController().signal

/** An answer with this `Retry-After`. */
function answer(retryAfter: string): Response {
  return new Response('', { headers: { 'retry-after': retryAfter } })
}

t.test('Waits grow to a bound, and chance takes at most half of them', async (t) => {
  const waits = (random: number) => [1, 2, 3, 6, 7, 1000].map((tries) => waitAfter(tries, undefined, random))
  t.strictSame(waits(1), [250, 500, 1000, 8000, 10_000, 10_000])
  t.strictSame(waits(0), [125, 250, 500, 4000, 5000, 5000])
})

t.test('What the service says goes before that, and chance only adds to it', async (t) => {
  t.equal(waitAfter(1, 4000, 0), 4000)
  t.equal(waitAfter(9, 4000, 1), 5000)
  t.equal(waitAfter(9, 0, 1), 0)
})

t.test('Retry-After is seconds or a date, and anything else is none', async (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  t.equal(retryAfterOf(answer('3'), now), 3000)
  t.equal(retryAfterOf(answer('0'), now), 0)
  t.equal(retryAfterOf(answer('Thu, 01 Jan 2026 00:00:07 GMT'), now), 7000)
  t.equal(retryAfterOf(answer('Wed, 31 Dec 2025 23:59:00 GMT'), now), 0, 'a date that has passed')
  t.equal(retryAfterOf(answer('soon'), now), undefined)
  t.equal(retryAfterOf(new Response(''), now), undefined)
})

t.test('Of the codes of PROTOCOL.md, those may pass that say so, and no others', async (t) => {
  const passing = Object.entries(CODES).flatMap(([code, { ...entry }]) =>
    'status' in entry && new Failure('', { status: entry.status }).isPassing ? [code] : [],
  )
  t.strictSame(passing.sort(), [
    ...['at-capacity', 'draining', 'internal', 'keys-unavailable', 'log-unavailable', 'request-timeout'],
    ...['too-many-connections', 'too-many-requests', 'too-many-revocations', 'too-many-scheduled'],
  ])
  t.ok(new Failure('no answer').isPassing)
})

t.test('No try begins after the deadline, and one always is made', async (t) => {
  let tries = 0
  const attempt = async () => {
    tries++
    throw new Failure('not now', { status: 503, retryAfter: tries < 3 ? 0 : 60_000 })
  }
  const retried: number[] = []
  const retrying = (_failure: Failure, wait: number) => retried.push(wait)
  const deadline = performance.now() + 30_000
  await t.rejects(persist(attempt, { deadline, signal: NEVER, retrying }), { message: 'not now' })
  t.strictSame([tries, retried], [3, [0, 0]])
  tries = 2
  await t.rejects(persist(attempt, { deadline: 0, signal: NEVER }), { message: 'not now' })
  t.equal(tries, 3)
})

t.test('What does not pass, or is no failure of the service, is not tried again', async (t) => {
  for (const error of [new Failure('bad', { status: 400 }), new TypeError('a fault')]) {
    let tries = 0
    const attempt = async () => {
      tries++
      throw error
    }
    const deadline = Number.POSITIVE_INFINITY
    await t.rejects(persist(attempt, { deadline, signal: NEVER }), error)
    t.equal(tries, 1)
  }
})

t.test('A wait ends with its signal', async (t) => {
  const controller = new AbortController()
  const attempt = async () => {
    throw new Failure('not now', { status: 503, retryAfter: 60_000 })
  }
  const retrying = () => controller.abort()
  const persisting = persist(attempt, {
    deadline: Number.POSITIVE_INFINITY,
    signal: controller.signal,
    retrying,
  })
  await t.rejects(persisting, { name: 'AbortError' })
})
