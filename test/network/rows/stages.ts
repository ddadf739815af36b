import type { Teardown } from '../../support/nats.ts'
import type { Fault } from '../../support/network/fault.ts'
import { type NetworkProxy, startNetworkProxy } from '../../support/network/proxy.ts'
import { type Row, type Scene, seconds } from '../../support/network/row.ts'
import type { Way } from '../../support/network/runtime.ts'

/** The most seconds until the first notification that are aimed at: where one thing is wrong, and where several are. */
export const AIM = { one: 2.5, more: 4 }

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

/** A service behind our own proxy, which has these faults at the beginning. */
export function behindFaults(
  faults: readonly Fault[],
  course: (scene: Scene, proxy: NetworkProxy) => Promise<void> = lookOn,
): Row['start'] {
  return async (t, serve) => {
    const { port, publish } = await serve(t)
    const proxy = await startNetworkProxy(t, port)
    proxy.set(...faults)
    return { url: proxy.url, publish, course: (scene) => course(scene, proxy) }
  }
}

/** A service behind a program that `start` puts before its port; it tells the way there. */
export function behindProgram(
  start: (t: Teardown, port: number) => Promise<Way>,
  course: (scene: Scene) => Promise<void> = lookOn,
): Row['start'] {
  return async (t, serve) => {
    const { port, publish } = await serve(t)
    return { ...(await start(t, port)), publish, course }
  }
}
