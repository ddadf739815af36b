import type { Test } from 'tap'
import { startApp } from '../../support/app.ts'
import type { Fault } from '../../support/network/fault.ts'
import { type NetworkProxy, startNetworkProxy } from '../../support/network/proxy.ts'
import { type Scene, type Stage, seconds } from '../../support/network/row.ts'
import type { Way } from '../../support/network/runtime.ts'

/** Looks on for a while. */
export function lookOn({ watch }: Scene): Promise<void> {
  return watch(seconds(3, 15))
}

/** Nothing is published for `silence` seconds, longer than an idle connection may be. */
export function fallSilent(silence: number): (scene: Scene) => Promise<void> {
  return async ({ watch, feed, live, pass }) => {
    await watch(1)
    await feed.pause()
    await pass(silence)
    feed.start()
    await live()
    await watch(3)
  }
}

/** A service behind our own proxy with these faults. */
export async function behindFaults(
  t: Test,
  faults: readonly Fault[],
  course: (scene: Scene, proxy: NetworkProxy) => Promise<void> = lookOn,
): Promise<Stage> {
  const { url, port } = await startApp(t)
  const proxy = await startNetworkProxy(t, port)
  proxy.set(...faults)
  return { url: proxy.url, service: () => url, course: (scene) => course(scene, proxy) }
}

/** A service behind a program that `start` starts before its port; it tells the way there. */
export async function behindProgram(
  t: Test,
  start: (t: Test, port: number, url: string) => Promise<Way>,
  course: (scene: Scene) => Promise<void> = lookOn,
): Promise<Stage> {
  const { url, port } = await startApp(t)
  return { ...(await start(t, port, url)), service: () => url, course }
}
