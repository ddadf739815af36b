import type { Test } from 'tap'
import { LogUnavailable } from '../../../src/log/log.ts'
import { draft, EVERYTHING, type LogHarness, readAll } from './harness.ts'

/** Epochs, opening again and closing. */
export async function lifeTests(t: Test, { open, skips }: LogHarness): Promise<void> {
  t.test('a new log is empty, and no two are the same', async (t) => {
    const one = await (await open(t)).log.bounds()
    const other = await (await open(t)).log.bounds()
    t.match(one, { epoch: /^[0-9a-z]{1,16}$/, first: 1, last: 0 })
    t.not(one.epoch, other.epoch)
  })

  t.test('a log opened again is the same log and goes on', { skip: skips?.reopen ?? false }, async (t) => {
    const { log, reopen } = await open(t)
    const drafts = [draft('a'), draft('b')]
    await log.append(drafts)
    const before = await log.bounds()
    const again = await reopen()
    t.strictSame(await again.bounds(), before)
    const [next] = await again.append([draft('a')])
    t.ok(next && next.position > before.last)
    t.equal((await readAll(again, EVERYTHING, 0)).length, 3)
  })

  t.test('close waits for appends under way', { skip: skips?.reopen ?? false }, async (t) => {
    const { log, reopen } = await open(t)
    const outcome = log.append([draft('a')])
    const again = await reopen()
    const [stored] = await outcome
    t.equal((await readAll(again, EVERYTHING, 0))[0]?.position, stored?.position)
  })

  t.test('after close every call throws LogUnavailable', async (t) => {
    const { log } = await open(t)
    await log.append([draft('a')])
    await log.close()
    await t.rejects(log.append([draft('a')]), LogUnavailable)
    await t.rejects(log.read(EVERYTHING, 0, 1), LogUnavailable)
    await t.rejects(log.newest(EVERYTHING, 1), LogUnavailable)
    await t.rejects(log.bounds(), LogUnavailable)
    await t.rejects(log.schedule.add([{ ...draft('a'), due: 0 }]), LogUnavailable)
    await t.rejects(log.schedule.cancel('a', '1'), LogUnavailable)
    await t.rejects(log.schedule.publishDue(), LogUnavailable)
    t.throws(
      () =>
        log.tail(
          0,
          () => {},
          () => {},
        ),
      LogUnavailable,
    )
    await t.resolves(log.close(), 'and closing again does nothing')
  })
}
