import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openEmbeddedLog } from '../../src/log/embedded.ts'
import type { Log } from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { ChannelSet } from '../../src/protocol/channel-set.ts'
import { Publisher } from '../../src/publisher/index.ts'
import { logOptions, readAll } from '../contract/log/harness.ts'
import { startApp } from '../support/app.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { openLog, startNats } from '../support/nats.ts'

const COUNT = 100

/** Opens an empty log of each kind. */
const LOGS: Readonly<Record<string, (t: Test) => Promise<Log>>> = {
  memory: async () => openMemoryLog(logOptions()),
  async embedded(t) {
    const directory = await mkdtemp(join(tmpdir(), 'tidings-publisher-'))
    t.teardown(() => rm(directory, { recursive: true }))
    return openEmbeddedLog(directory, logOptions())
  },
  async nats(t) {
    const { url } = await startNats(t)
    const log = openLog(t, { servers: [url] })
    await log.ready
    return log
  },
}

for (const [name, open] of Object.entries(LOGS)) {
  t.test(
    `answers that are lost after the append lead to no duplicate and no other order: ${name}`,
    async (t) => {
      const service = await startApp(t, { log: await open(t) })
      const proxy = await startFaultProxy(t, service.port)
      let answers = 0
      proxy.rewrite = (bytes) => {
        if (answers++ % 3 === 0) proxy.cut()
        return bytes
      }
      const publisher = new Publisher<number>({ url: `http://127.0.0.1:${proxy.port}` })
      const publishing = []
      for (let n = 0; n < COUNT; n++) {
        publishing.push(publisher.publish('a', n))
        // Some by themselves, so that there are several requests.
        if (n % 25 === 0) await publishing.at(-1)
      }
      const published = await Promise.all(publishing)
      await publisher.close()

      const stored = await readAll(service.log, new ChannelSet(['a']), 0)
      t.strictSame(
        stored.map(({ data }) => Number(data)),
        Array.from({ length: COUNT }, (_, n) => n),
      )
      t.strictSame(
        stored.map(({ id }) => id),
        published.map(({ id }) => id),
      )
      t.ok(
        published.some(({ duplicate }) => duplicate),
        'answers were lost',
      )
    },
  )
}
