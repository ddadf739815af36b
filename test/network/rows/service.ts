import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import type { Teardown } from '../../support/nats.ts'
import { startNetworkProxy } from '../../support/network/proxy.ts'
import { type Row, type Stage, seconds } from '../../support/network/row.ts'
import { publishTo, serveTidings } from '../../support/network/service.ts'
import { startService } from '../../support/service.ts'
import { AIM } from './stages.ts'

/** How long it is full, in seconds. */
const FULL = seconds(3, 20)
/** How many streams it may have then. */
const PLACES = 4

/** A network without fault, and a service that is not there for everybody all the time. */
export const service: readonly Row[] = [
  { name: `service at capacity for ${FULL} s`, ends: ['websocket'], start: atCapacity },
  { name: 'service stopped and started', ends: ['websocket'], aim: AIM.one, start: startedAnew('SIGTERM') },
  { name: 'service killed and started', ends: ['websocket'], aim: AIM.one, start: startedAnew('SIGKILL') },
]

/** All places are taken by others, until they go. */
async function atCapacity(t: Teardown): Promise<Stage> {
  const { port, publish } = await serveTidings(t, { maxConnections: PLACES })
  const others = Array.from({ length: PLACES }, () => new WebSocket(`ws://127.0.0.1:${port}/v1/stream`))
  t.teardown(() => {
    for (const other of others) other.terminate()
  })
  await Promise.all(others.map((other) => once(other, 'message')))
  return {
    url: `http://127.0.0.1:${port}`,
    publish,
    async course({ live, watch, pass, healed }) {
      await pass(FULL)
      for (const other of others) other.close()
      healed()
      await live('websocket')
      await watch(2)
    },
  }
}

/** A process of its own with its log on disk, that ends by `signal` and is started again; the proxy hides that its port is another. */
function startedAnew(signal: 'SIGTERM' | 'SIGKILL'): Row['start'] {
  return async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'tidings-log-'))
    t.teardown(() => rm(directory, { recursive: true }))
    const settings = {
      TIDINGS_LOG: 'embedded',
      TIDINGS_DATA_DIR: directory,
      TIDINGS_DRAIN_SECONDS: `${seconds(2, 20)}`,
    }
    let process = startService(t, settings)
    let url = await process.url
    const proxy = await startNetworkProxy(t, portOf(url))
    return {
      url: proxy.url,
      publish: publishTo(() => url),
      async course({ live, watch, healed }) {
        await live('websocket')
        await watch(1)
        process.process.kill(signal)
        await process.ended
        process = startService(t, settings)
        url = await process.url
        proxy.lead(portOf(url))
        healed()
        await live('websocket')
        await watch(2)
      },
    }
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
