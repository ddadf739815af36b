import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { startApp } from '../../support/app.ts'
import { down, loginPage, refuseUpgrade } from '../../support/network/faults.ts'
import { startNetworkProxy } from '../../support/network/proxy.ts'
import { type Row, type Stage, seconds } from '../../support/network/row.ts'
import { startService } from '../../support/service.ts'
import { behindFaults } from './stages.ts'

/** Networks and services that are bad for a while. */
export const healing: readonly Row[] = [
  {
    name: 'WebSocket good, blocked, good again',
    ends: ['websocket'],
    aim: 2.5,
    start: (t) =>
      behindFaults(t, [], async ({ live, watch, healed }, proxy) => {
        await live('websocket')
        await watch(1)
        proxy.set(refuseUpgrade(403))
        proxy.cut()
        await live('sse')
        await watch(seconds(4, 30))
        proxy.set()
        healed()
        await live('websocket')
        await watch(2)
      }),
  },
  {
    name: `everything down for ${seconds(5, 20)} s`,
    ends: ['websocket'],
    aim: 2.5,
    start: (t) =>
      behindFaults(t, [], async ({ live, watch, pass, healed }, proxy) => {
        await live('websocket')
        await watch(1)
        proxy.set(down())
        proxy.cut()
        await pass(seconds(5, 20))
        proxy.set()
        healed()
        await live('websocket')
        await watch(2)
      }),
  },
  {
    name: `login page for ${seconds(4, 20)} s`,
    ends: ['websocket'],
    start: (t) =>
      behindFaults(t, [loginPage()], async ({ live, watch, pass, healed }, proxy) => {
        await pass(seconds(4, 20))
        proxy.set()
        healed()
        await live('websocket')
        await watch(2)
      }),
  },
  {
    name: `service at capacity for ${seconds(3, 20)} s`,
    ends: ['websocket'],
    start: behindCapacity,
  },
  {
    name: 'service stopped and started',
    ends: ['websocket'],
    aim: 2.5,
    start: (t) => behindRestart(t, 'SIGTERM'),
  },
  {
    name: 'service killed and started',
    ends: ['websocket'],
    aim: 2.5,
    start: (t) => behindRestart(t, 'SIGKILL'),
  },
]

/** The service's only places are taken, until those who have them go. */
async function behindCapacity(t: Test): Promise<Stage> {
  const places = 4
  const { url } = await startApp(t, { settings: { maxConnections: places } })
  const others = Array.from({ length: places }, () => new WebSocket(`${url.replace('http', 'ws')}/v1/stream`))
  t.teardown(() => {
    for (const other of others) other.terminate()
  })
  await Promise.all(others.map((other) => new Promise((resolve) => other.once('message', resolve))))
  return {
    url,
    service: () => url,
    async course({ live, watch, pass, healed }) {
      await pass(seconds(3, 20))
      for (const other of others) other.close()
      healed()
      await live('websocket')
      await watch(2)
    },
  }
}

/** The service is a process of its own behind a proxy with no fault, so that its port may change; its log is on disk. */
async function behindRestart(t: Test, signal: 'SIGTERM' | 'SIGKILL'): Promise<Stage> {
  const settings = {
    TIDINGS_LOG: 'embedded',
    TIDINGS_DATA_DIR: t.testdir(),
    TIDINGS_DRAIN_SECONDS: `${seconds(2, 20)}`,
  }
  let service = startService(t, settings)
  let url = await service.url
  const proxy = await startNetworkProxy(t, Number(new URL(url).port))
  return {
    url: proxy.url,
    service: () => url,
    async course({ live, watch, healed }) {
      await live('websocket')
      await watch(1)
      service.process.kill(signal)
      await service.ended
      service = startService(t, settings)
      url = await service.url
      proxy.lead(Number(new URL(url).port))
      healed()
      await live('websocket')
      await watch(2)
    },
  }
}
