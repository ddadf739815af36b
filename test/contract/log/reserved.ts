import type { Test } from 'tap'
import { ChannelSet } from '../../../src/protocol/channel-set.ts'
import { draft, type LogHarness, readAll } from './harness.ts'

/** Channels that no pattern stands for. */
export async function reservedTests(t: Test, { open }: LogHarness): Promise<void> {
  const names = ['$own', 'a', '$own', 'a:b', '$own:b', '$own']

  t.test('a reserved channel is read by its name, beside any pattern, and by no pattern alone', async (t) => {
    const { log } = await open(t)
    await log.append(names.map((name) => draft(name)))
    const found = async (...channels: string[]) =>
      (await readAll(log, new ChannelSet(channels), 0)).map(({ channel }) => channel)
    t.strictSame(await found('**'), ['a', 'a:b'])
    t.strictSame(await found('*'), ['a'])
    t.strictSame(await found('*:b', '**', '*'), ['a', 'a:b'])
    t.strictSame(await found('$own'), ['$own', '$own', '$own'])
    t.strictSame(await found('$own', '*'), ['$own', 'a', '$own', '$own'])
    t.strictSame(await found('$own', '**'), ['$own', 'a', '$own', 'a:b', '$own'])
  })

  t.test('it does not count among the newest of a pattern', async (t) => {
    const { log } = await open(t)
    const positions = (await log.append(names.map((name) => draft(name)))).map(({ position }) => position)
    const place = async (...channels: string[]) => log.newest(new ChannelSet(channels), 1)
    t.strictSame(await place('**'), (positions[3] ?? 0) - 1)
    t.strictSame(await place('*'), (positions[1] ?? 0) - 1)
    t.strictSame(await place('$own'), (positions[5] ?? 0) - 1)
  })
}
