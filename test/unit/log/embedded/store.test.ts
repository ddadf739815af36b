import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as lmdb from 'lmdb'
import t, { type Test } from 'tap'
import { Store } from '../../../../src/log/embedded/store.ts'

async function directoryFor(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-store-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

t.test('a transaction that throws leaves nothing behind', async (t) => {
  const store = new Store(await directoryFor(t), 1024 ** 2)
  const before = store.state
  const work = store.transaction(() => {
    store.add({ position: 1, channel: 'a', id: '1', time: 1, data: '1' })
    store.claim('a 1', 1)
    store.state = { ...before, last: 1, bytes: 100 }
    throw new Error('half way')
  })
  await t.rejects(work, { message: 'half way' })
  t.strictSame(store.state, before)
  t.strictSame([...store.after(0)], [])
  t.strictSame([...store.afterOn(['a'], 0)], [])
  t.ok(await store.transaction(() => store.claim('a 1', 1)))
  await store.close()
})

t.test('nothing is seen before it is on the disk: LMDB syncs each commit, one after the other', async (t) => {
  const given: object[] = []
  const open = (directory: string, options: lmdb.RootDatabaseOptionsWithPath) => {
    given.push(options)
    return lmdb.open(directory, options)
  }
  const mocked = (await t.mockImport('../../../../src/log/embedded/store.ts', {
    lmdb: { ...lmdb, open },
  })) as { Store: typeof Store }
  const store = new mocked.Store(await directoryFor(t), 1024 ** 2)
  await store.close()
  t.equal(given.length, 1)
  t.match(given[0], { overlappingSync: false, eventTurnBatching: false })
  for (const flag of ['noSync', 'noMetaSync', 'mapAsync']) t.notOk(Reflect.get(given[0] ?? {}, flag), flag)
})
