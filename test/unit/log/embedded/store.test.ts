import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as lmdb from 'lmdb'
import t, { type Test } from 'tap'
import { Store } from '../../../../src/log/embedded/store.ts'
import type { Notification } from '../../../../src/log/log.ts'

async function directoryFor(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tidings-store-'))
  t.teardown(() => rm(directory, { recursive: true }))
  return directory
}

t.test('a transaction that throws leaves nothing behind', async (t) => {
  const store = new Store(await directoryFor(t), 1024 ** 2)
  const before = store.state
  const work = store.transaction(() => {
    const notification = { position: 1, channel: 'a', id: '1', time: 1, data: '1' }
    store.add(notification)
    store.index([notification])
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

t.test(
  'however channels alternate, and wherever the log begins, each finds its own, both ways',
  async (t) => {
    const directory = await directoryFor(t)
    const store = new Store(directory, 1024 ** 2)
    const groups = ['a', 'aaab', 'bbbbb', 'abab', 'caac', 'aaaaaaaa', 'ab']
    const kept: Notification[] = []
    for (const group of groups) {
      await store.transaction(() => {
        const { state } = store
        const added = Array.from(group, (channel) => {
          const position = ++state.last
          return { position, channel, id: `${position}`, time: 1, data: '1' }
        })
        for (const notification of added) store.add(notification)
        store.index(added)
        store.state = state
        kept.push(...added)
      })
    }
    const { last } = store.state
    while (kept.length > 0) {
      for (const names of [['a'], ['b'], ['a', 'c'], ['a', 'b', 'c'], ['d']]) {
        const theirs = kept.filter(({ channel }) => names.includes(channel))
        for (let at = 0; at <= last + 1; at++) {
          const after = theirs.filter(({ position }) => position > at)
          const before = theirs.filter(({ position }) => position < at).reverse()
          const found = { after: [...store.afterOn(names, at)], before: [...store.beforeOn(names, at)] }
          // Thousands of assertions would say no more.
          if (!isDeepStrictEqual(found, { after, before }))
            t.strictSame(found, { after, before }, `${names} at ${at}`)
        }
      }
      await store.transaction(() => {
        const { state } = store
        const oldest = kept.shift()
        if (oldest) store.remove(oldest)
        state.first++
        store.state = state
      })
    }
    await store.close()
    const root = lmdb.open(directory, { noSubdir: false })
    t.equal(
      root.openDB({ name: 'channels' }).getKeysCount(),
      0,
      'nothing is left of a channel without notifications',
    )
    await root.close()
  },
)

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
