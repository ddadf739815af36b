import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * What a proxy does with connections:
 * - `pass`: bytes go both ways
 * - `refuse`: a new one is reset at once
 * - `swallow`: it stays open and no byte goes through any more, as when a firewall has forgotten it
 */
export type Fault = 'pass' | 'refuse' | 'swallow'

/** A TCP proxy on the loopback that fails as it is told. */
export interface FaultProxy {
  readonly port: number
  /** What new connections get from now on; `swallow` is for the open ones, too, and for good. */
  fault: Fault
  /** What is made of bytes that come from the target; their number must stay the same. */
  rewrite: (bytes: Buffer) => Buffer
  /** How long bytes are under way each way, in milliseconds. */
  delay: number
  /** Resets the open connections. */
  cut(): void
}

/** Starts a proxy for a port of this machine; it is gone when the test ends. */
export async function startFaultProxy(t: Pick<Test, 'teardown'>, target: number): Promise<FaultProxy> {
  const open = new Set<Socket>()
  const swallowed = new WeakSet<Socket>()
  let fault: Fault = 'pass'

  const server = createServer((near) => {
    if (fault === 'refuse') {
      near.resetAndDestroy()
      return
    }
    const far = connect(target, '127.0.0.1')
    join(near, far, (bytes) => bytes)
    join(far, near, (bytes) => proxy.rewrite(bytes))
  })
  const pass = (to: Socket, bytes: Buffer): void => {
    if (proxy.delay === 0) to.write(bytes)
    else setTimeout(() => to.writable && to.write(bytes), proxy.delay)
  }
  const join = (from: Socket, to: Socket, rewrite: FaultProxy['rewrite']): void => {
    open.add(from)
    if (fault === 'swallow') swallowed.add(from)
    from.on('data', (bytes) => {
      if (!swallowed.has(from)) pass(to, rewrite(bytes))
    })
    from.on('error', () => {
      // it is closed next
    })
    from.on('close', () => {
      open.delete(from)
      if (!swallowed.has(from)) to.destroy()
    })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  t.teardown(() => {
    cut()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const proxy: FaultProxy = {
    port: address.port,
    cut,
    delay: 0,
    rewrite: (bytes) => bytes,
    get fault() {
      return fault
    },
    set fault(next) {
      fault = next
      if (next === 'swallow') for (const socket of open) swallowed.add(socket)
    },
  }
  return proxy
}

/** Does something while nobody gets through the proxy. */
export async function whileCutOff(proxy: FaultProxy, work: () => Promise<unknown>): Promise<void> {
  proxy.fault = 'refuse'
  proxy.cut()
  await work()
  proxy.fault = 'pass'
}
