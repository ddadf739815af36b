import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PATIENCE_MS } from '../../src/log/peers.ts'
import { openFor } from '../support/clients/client.ts'
import { get, type Target } from '../support/clients/requests.ts'
import { eventSourceClient } from '../support/clients/sse.ts'
import { startInstances } from '../support/instances.ts'
import { startNats } from '../support/nats.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

/** How old an answer may be, in seconds. */
const OLDEST = 2

async function subscribers(target: Target, channel: string): Promise<unknown> {
  return ((await get(target, `/v1/channels/${channel}`)).body as { subscribers: unknown }).subscribers
}

async function subscribe(t: Test, target: Target, ...channel: string[]): Promise<void> {
  const client = await openFor(t, eventSourceClient, target, { channel })
  await client.inbox.expect('ready')
}

/** Has a subscriber at each of two instances, of which the second dies. */
async function checkBoth(t: Test, [one, other]: readonly [Target, Target], kill: () => Promise<unknown>) {
  await subscribe(t, one, 'a', 'only:one')
  await subscribe(t, other, '*', 'only:other')
  for (const target of [one, other]) {
    await until('both are counted', async () => (await subscribers(target, 'a')) === 2, OLDEST)
    t.strictSame((await get(target, '/v1/channels')).body, {
      channels: [
        { channel: 'a', subscribers: 2 },
        { channel: 'only:one', subscribers: 1 },
        { channel: 'only:other', subscribers: 1 },
      ],
    })
    const { body } = await get(target, '/v1/channels?pattern=only:*&limit=1')
    t.strictSame(body, { channels: [{ channel: 'only:one', subscribers: 1 }], next: 'only:one' })
  }
  await kill()
  await until(
    'who was at the one that is dead is gone',
    async () => (await subscribers(one, 'a')) === 1,
    OLDEST,
  )
  t.match((await get(one, '/v1/channels')).body, { channels: { length: 2 } })
  await until(
    'the dead one is not waited for any more',
    async () => {
      const began = performance.now()
      await subscribers(one, 'a')
      return performance.now() - began < PATIENCE_MS / 2
    },
    OLDEST + 1,
  )
}

t.test('two instances on one NATS count together', async (t) => {
  const { url } = await startNats(t)
  const [one, other] = await startInstances(t, 2, url)
  if (!one || !other) throw new Error('two were started')
  await checkBoth(t, [one, other], () => other.kill())
})

for (const directoryName of ['data', 'x'.repeat(120)]) {
  t.test(
    `two processes on one directory count together, ${directoryName.length} characters deep`,
    async (t) => {
      const parent = await mkdtemp(join(tmpdir(), 'tidings-presence-'))
      t.teardown(() => rm(parent, { recursive: true, force: true }))
      const settings = { TIDINGS_LOG: 'embedded', TIDINGS_DATA_DIR: join(parent, directoryName) }
      const [one, other] = [startService(t, settings), startService(t, settings)]
      const targets = [{ url: await one.url }, { url: await other.url }] as const
      await checkBoth(t, targets, async () => {
        other.process.kill('SIGKILL')
        await other.ended
      })
    },
  )

  t.test(`workers count together, whichever answers, ${directoryName.length} characters deep`, async (t) => {
    const parent = await mkdtemp(join(tmpdir(), 'tidings-presence-'))
    t.teardown(() => rm(parent, { recursive: true, force: true }))
    const service = startService(t, {
      TIDINGS_LOG: 'embedded',
      TIDINGS_DATA_DIR: join(parent, directoryName),
      TIDINGS_WORKERS: '2',
    })
    const target = { url: await service.url }
    await service.output('"worker":2,"msg":"Server listening')
    for (let n = 0; n < 4; n++) await subscribe(t, target, 'a')
    for (let n = 0; n < 4; n++) {
      await until('all are counted', async () => (await subscribers(target, 'a')) === 4, OLDEST)
    }
  })
}
