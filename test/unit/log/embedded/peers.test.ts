import { mkdir, mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { SocketPeers } from '../../../../src/log/embedded/peers.ts'

/** What file descriptors of this process stand for (Linux). */
async function openFiles(): Promise<(string | undefined)[]> {
  const descriptors = await readdir('/proc/self/fd')
  return Promise.all(
    // That of the look itself is gone by now.
    descriptors.map((descriptor) => readlink(join('/proc/self/fd', descriptor)).catch(() => undefined)),
  )
}

t.test(
  'once closed they hold on to no directory, however long its name, and leave nothing in it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const parent = await mkdtemp(join(tmpdir(), 'tidings-peers-'))
    t.teardown(() => rm(parent, { recursive: true, force: true }))
    const directory = join(parent, 'x'.repeat(120))
    await mkdir(directory)
    const peers = new SocketPeers(directory)
    peers.answer(() => 'here')
    t.equal((await readdir(directory)).length, 1)
    t.ok((await openFiles()).includes(directory))
    peers.close()
    t.strictSame(await readdir(directory), [])
    t.notOk((await openFiles()).includes(directory))
  },
)
