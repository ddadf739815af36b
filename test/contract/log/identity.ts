import type { Test } from 'tap'
import { until } from '../../support/until.ts'
import { draft, EVERYTHING, type LogHarness, readAll } from './harness.ts'

/** The idempotency window (contract §2.6). */
export async function identityTests(t: Test, { open, skips }: LogHarness): Promise<void> {
  t.test('the same channel and id is stored once and answered with the first position', async (t) => {
    const { log } = await open(t)
    const [first] = await log.append([draft('a', { id: 'same' })])
    const again = await log.append([draft('a', { id: 'same' }), draft('a')])
    t.strictSame(again[0], { position: first?.position, duplicate: true })
    t.equal(again[1]?.duplicate, false)
    t.equal((await readAll(log, EVERYTHING, 0)).length, 2)
  })

  t.test('so it is within one call, and for calls that run together', async (t) => {
    const { log } = await open(t)
    const [first, second] = await log.append([draft('a', { id: 'same' }), draft('a', { id: 'same' })])
    t.strictSame(second, { position: first?.position, duplicate: true })
    const together = await Promise.all(
      Array.from({ length: 10 }, () => log.append([draft('a', { id: 'other' })])),
    )
    t.equal(new Set(together.map(([outcome]) => outcome?.position)).size, 1)
    t.equal(together.filter(([outcome]) => outcome?.duplicate === false).length, 1)
    t.equal((await readAll(log, EVERYTHING, 0)).length, 2)
  })

  t.test('the same id on another channel is another notification', async (t) => {
    const { log } = await open(t)
    const outcomes = await log.append([draft('a', { id: 'same' }), draft('b', { id: 'same' })])
    t.strictSame(
      outcomes.map(({ duplicate }) => duplicate),
      [false, false],
    )
  })

  t.test('an identity is forgotten after the window', async (t) => {
    const { log, pass } = await open(t, { idempotencySeconds: 2 })
    const [first] = await log.append([draft('a', { id: 'same' })])
    await pass(3)
    await until('the identity is forgotten', async () => {
      const [again] = await log.append([draft('a', { id: 'same' })])
      return again !== undefined && first !== undefined && again.position > first.position
    })
    t.equal((await readAll(log, EVERYTHING, 0)).length, 2)
  })

  t.test('an identity is remembered when retention has taken its notification', async (t) => {
    const { log } = await open(t, { retentionBytes: 100_000 })
    const [first] = await log.append([draft('a', { id: 'same' })])
    for (let i = 0; i < 20; i++) await log.append([draft('a', { data: JSON.stringify('x'.repeat(10_000)) })])
    await until(
      'retention has taken it',
      async () => (await log.bounds()).first > (first?.position ?? Infinity),
    )
    t.strictSame(await log.append([draft('a', { id: 'same' })]), [
      { position: first?.position, duplicate: true },
    ])
  })

  t.test('an identity is remembered by the store', { skip: skips?.reopen ?? false }, async (t) => {
    const { log, reopen } = await open(t)
    const [first] = await log.append([draft('a', { id: 'same' })])
    const again = await (await reopen()).append([draft('a', { id: 'same' })])
    t.strictSame(again, [{ position: first?.position, duplicate: true }])
  })
}
