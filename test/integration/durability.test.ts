import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { openEmbeddedLog } from '../../src/log/embedded.ts'
import type { Notification } from '../../src/log/log.ts'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { logOptions, readAll } from '../contract/log/harness.ts'

const APPENDER = fileURLToPath(new URL('../support/append-for-ever.ts', import.meta.url))
const ROUNDS = 4

/** Lets another process append to the log, kills it after so many acknowledgements, and says which it gave: id to position. */
async function appendUntilKilled(
  t: Test,
  directory: string,
  run: string,
  count: number,
): Promise<Map<string, number>> {
  const appender = spawn(process.execPath, ['--import=tsx', APPENDER, directory, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => appender.kill('SIGKILL'))
  const exit = once(appender, 'exit')
  const acknowledged = new Map<string, number>()
  for await (const line of createInterface({ input: appender.stdout })) {
    const acknowledgement = /^(\d+) (\S+\/\d+)$/.exec(line)
    // The kill may have cut the last line short: then nobody has read it.
    if (acknowledgement) acknowledged.set(acknowledgement[2] ?? '', Number(acknowledgement[1]))
    if (acknowledged.size === count) appender.kill('SIGKILL')
  }
  const [, signal] = await exit
  t.equal(signal, 'SIGKILL')
  return acknowledged
}

t.test(
  'what was acknowledged is there after SIGKILL in the middle of appends, in order, once, batches whole',
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'tidings-durability-'))
    t.teardown(() => rm(directory, { recursive: true }))
    const acknowledged = new Map<string, number>()
    let epoch: string | undefined
    let kept: Notification[] = []

    for (let round = 0; round < ROUNDS; round++) {
      const count = 300 + 777 * round
      const given = await appendUntilKilled(t, directory, `run${round}`, count)
      t.ok(given.size >= count, `round ${round}: ${given.size} acknowledged`)
      for (const [id, position] of given) acknowledged.set(id, position)

      const log = openEmbeddedLog(directory, logOptions())
      const bounds = await log.bounds()
      epoch ??= bounds.epoch
      t.equal(bounds.epoch, epoch, 'it is the same log')
      const stored = await readAll(log, new ChannelSet(['**']), 0)
      t.strictSame(stored.slice(0, kept.length), kept, 'what a former round found is still there, unchanged')
      kept = stored

      const positions = new Map(stored.map(({ id, position }) => [id, position]))
      t.equal(positions.size, stored.length, 'nothing is there twice')
      t.strictSame(
        stored.map(({ position }) => position),
        stored.map((_, i) => i + 1),
        'no position is missing',
      )
      const lost = [...acknowledged].filter(([id, position]) => positions.get(id) !== position)
      t.strictSame(lost, [], 'everything acknowledged is where it was said to be')
      t.strictSame(cutBatches(stored), [], 'batches are there whole or not at all')

      const byName = (
        await Promise.all([0, 1, 2].map((n) => readAll(log, new ChannelSet([`c:${n}`]), 0)))
      ).flat()
      t.equal(byName.length, stored.length, 'the index by channel is whole, too')

      const [again] = await log.append([{ channel: 'c:0', id: `run${round}-0-0/1`, data: '""' }])
      t.strictSame(
        again,
        { position: positions.get(`run${round}-0-0/1`), duplicate: true },
        'identities are remembered',
      )
      const [next] = await log.append([{ channel: 'c:0', id: `after-${round}-0/1`, data: '""' }])
      t.strictSame(next, { position: bounds.last + 1, duplicate: false }, 'and the log goes on')
      kept = await readAll(log, new ChannelSet(['**']), 0)
      await log.close()
    }
  },
)

/** The calls of which some notifications are stored, and not all, or not one after the other. */
function cutBatches(stored: readonly Notification[]): string[] {
  const batches = new Map<string, Notification[]>()
  for (const notification of stored) {
    const call = notification.id.replace(/-\d+\/\d+$/, '')
    batches.set(call, [...(batches.get(call) ?? []), notification])
  }
  return [...batches]
    .filter(([call, batch]) => {
      const first = batch[0]?.position ?? 0
      return !batch.every(
        ({ id, position }, i) => position === first + i && id === `${call}-${i}/${batch.length}`,
      )
    })
    .map(([call]) => call)
}
