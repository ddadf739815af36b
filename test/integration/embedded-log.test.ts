import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { open } from 'lmdb'
import t, { type Test } from 'tap'
import { openEmbeddedLog } from '../../src/log/embedded.ts'
import { type LogOptions, LogUnavailable } from '../../src/log/log.ts'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { draft, logOptions, readAll } from '../contract/log/harness.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const APPENDER = fileURLToPath(new URL('../support/append-for-ever.ts', import.meta.url))

t.test('a directory that can not be made is refused with an error that names it', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  t.teardown(() => rm(parent, { recursive: true }))
  await writeFile(join(parent, 'file'), '')
  for (const directory of [join(parent, 'file'), join(parent, 'file', 'data')]) {
    t.throws(() => openEmbeddedLog(directory, logOptions()), { message: directory })
  }
})

t.test('a directory is made with all above it, though there is a dot in its name', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  t.teardown(() => rm(parent, { recursive: true }))
  const directory = join(parent, 'a', 'tidings.data')
  const log = openEmbeddedLog(directory, logOptions())
  await log.append([draft('a')])
  await log.close()
  const again = openEmbeddedLog(directory, logOptions())
  t.equal((await again.bounds()).last, 1)
  await again.close()
})

t.test('a store of another format is refused, and left as it is', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const log = openEmbeddedLog(directory, logOptions())
  await log.append([draft('a')])
  await log.close()
  const formatBefore = await swapFormat(directory, 99)
  t.throws(() => openEmbeddedLog(directory, logOptions()), { message: /its format is 99/ })
  await swapFormat(directory, formatBefore)
  const again = openEmbeddedLog(directory, logOptions())
  t.equal((await again.bounds()).last, 1)
  await again.close()
})

t.test('opened again with less room it takes what is too much, in slices between appends', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  const roomy = openEmbeddedLog(directory, logOptions())
  await roomy.append(Array.from({ length: 9000 }, () => draft('a')))
  await roomy.close()
  const log = openEmbeddedLog(directory, logOptions({ retentionBytes: 20_000 }))
  t.teardown(async () => {
    await log.close()
    await rm(directory, { recursive: true })
  })
  const [next] = await log.append([draft('b')])
  await log.sweep()
  const { first, last } = await log.bounds()
  t.equal(last, 9001)
  t.ok(first > 8800 && first <= 9001)
  t.equal((await readAll(log, new ChannelSet(['b']), first - 1))[0]?.position, next?.position)
})

t.test('an identity that is out of the window but not yet swept away is as good as forgotten', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  const clock = new ManualClock()
  const log = openEmbeddedLog(directory, logOptions({ idempotencySeconds: 120 }), clock.now)
  t.teardown(async () => {
    await log.close()
    await rm(directory, { recursive: true })
  })
  await log.append([draft('a', { id: 'same' })])
  clock.pass(119_999)
  t.strictSame(await log.append([draft('a', { id: 'same' })]), [{ position: 1, duplicate: true }])
  clock.pass(1)
  t.strictSame(await log.append([draft('a', { id: 'same' })]), [{ position: 2, duplicate: false }])
  t.strictSame(await log.append([draft('a', { id: 'same' })]), [{ position: 2, duplicate: true }])
})

t.test('a tail brings what another process has appended to the same directory', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  const log = openEmbeddedLog(directory, logOptions())
  t.teardown(async () => {
    await log.close()
    await rm(directory, { recursive: true })
  })
  const seen: number[] = []
  log.tail(
    0,
    (batch) => seen.push(...batch.map(({ position }) => position)),
    () => t.fail('nothing was taken'),
  )
  const other = spawn(process.execPath, ['--import=tsx', APPENDER, directory, 'other'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.teardown(() => other.kill('SIGKILL'))
  await until('some has come', () => seen.length >= 100)
  await log.append([draft('mine')])
  other.kill('SIGKILL')
  await once(other, 'close')
  const { last } = await log.bounds()
  await until('all has come', () => seen.length === last)
  t.strictSame(
    seen,
    seen.map((_, i) => i + 1),
  )
})

t.test('a tail is told when another process has appended, before the log looks by itself', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  const restore = t.intercept(globalThis, 'setInterval', { value: () => setTimeout(() => {}) }).restore
  const log = openEmbeddedLog(directory, logOptions())
  restore()
  t.teardown(async () => {
    await log.close()
    await rm(directory, { recursive: true })
  })
  let seen = 0
  log.tail(
    0,
    (batch) => {
      seen += batch.length
    },
    () => t.fail('nothing was taken'),
  )
  const other = spawn(process.execPath, ['--import=tsx', APPENDER, directory, 'other'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.teardown(() => other.kill('SIGKILL'))
  await until('some has come', () => seen >= 100)
  t.pass()
})

async function openFor(t: Test, options: Partial<LogOptions>, clock = new ManualClock()) {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
  const log = openEmbeddedLog(directory, logOptions(options), clock.now)
  t.teardown(async () => {
    await log.close()
    await rm(directory, { recursive: true })
  })
  return { log, directory, clock }
}

t.test('what has become too old is taken though nobody appends', async (t) => {
  const { log, clock } = await openFor(t, { retentionSeconds: 60 })
  await log.append([draft('a')])
  clock.pass(60_000)
  await until('it is taken', async () => (await log.bounds()).first === 2)
  t.pass()
})

t.test(
  'identities that are out of the window leave the disk, whether their notifications are kept or not',
  async (t) => {
    for (const [retentionSeconds, outlived] of [
      [86_400, 0],
      [30, 3],
    ] as const) {
      const { log, directory, clock } = await openFor(t, { idempotencySeconds: 120, retentionSeconds })
      const counts = () => {
        const root = open(directory, { noSubdir: false, readOnly: true })
        const [identities, alone] = ['identities', 'outlived'].map((name) =>
          root.openDB({ name }).getKeysCount(),
        )
        return root.close().then(() => ({ identities, alone }))
      }
      await log.append(Array.from({ length: 3 }, () => draft('a')))
      clock.pass(60_000)
      await log.append([draft('a')])
      t.strictSame(await counts(), { identities: 4, alone: outlived })
      clock.pass(60_000)
      await log.append([draft('a')])
      await log.sweep()
      t.strictSame(await counts(), { identities: 2, alone: outlived && 1 })
    }
  },
)

t.test('an identity is remembered though retention has taken its notification', async (t) => {
  const { log, clock } = await openFor(t, { idempotencySeconds: 120, retentionSeconds: 30 })
  await log.append([draft('a', { id: 'same' })])
  clock.pass(60_000)
  await log.sweep()
  t.equal((await log.bounds()).first, 2)
  t.strictSame(await log.append([draft('a', { id: 'same' })]), [{ position: 1, duplicate: true }])
  clock.pass(60_000)
  t.strictSame(await log.append([draft('a', { id: 'same' })]), [{ position: 2, duplicate: false }])
  await log.sweep()
  t.strictSame(await log.append([draft('a', { id: 'same' })]), [{ position: 2, duplicate: true }])
})

t.test('when too much waits for the disk more is refused, until that is written', async (t) => {
  const { log } = await openFor(t, { retentionBytes: 1024 ** 3 })
  const large = log.append([draft('a', { data: JSON.stringify('x'.repeat(64 * 1024 ** 2)) })])
  await t.rejects(log.append([draft('a')]), LogUnavailable)
  t.match(await large, [{ position: 1 }])
  t.match(await log.append([draft('a')]), [{ position: 2 }])
})

t.test('a tail that is behind gets large notifications a few at a time', async (t) => {
  const { log } = await openFor(t, {})
  const data = JSON.stringify('x'.repeat(512 * 1024))
  await log.append(Array.from({ length: 5 }, () => draft('a', { data })))
  const batches: number[] = []
  const stop = log.tail(
    0,
    (batch) => batches.push(batch.length),
    () => t.fail('nothing was taken'),
  )
  await until('all have come', () => batches.reduce((sum, length) => sum + length, 0) === 5)
  stop()
  t.strictSame(batches, [2, 2, 1])
})

/** Puts another number where a store has that of its format, and returns the one before. */
async function swapFormat(directory: string, format: unknown): Promise<unknown> {
  const root = open(directory, { noSubdir: false })
  const meta = root.openDB({ name: 'meta' })
  const before = meta.get('format')
  await meta.put('format', format)
  await root.close()
  return before
}
