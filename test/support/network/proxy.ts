import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { AskedKind, Fault } from './fault.ts'
import { give, lastOn, type Near, nearOf } from './near.ts'
import { passOn } from './passage.ts'

/** An HTTP/1.1 proxy in front of a service, on the loopback, that fails as it is told. */
export interface NetworkProxy {
  readonly url: string
  /** Has these faults, all at once, and no others, for requests from now on. */
  set(...faults: readonly Fault[]): void
  /** Resets everything that is open. */
  cut(): void
  /** Passes requests on to another port from now on. */
  lead(port: number): void
}

/** Stands in front of the service at `port` until `t` ends. */
export async function startNetworkProxy(
  t: { teardown(fn: () => void): void },
  port: number,
): Promise<NetworkProxy> {
  const open = new Set<Socket>()
  let faults: readonly Fault[] = []
  let target = port

  async function take(request: IncomingMessage, near: Near): Promise<void> {
    const way = { request, near, kind: kindOf(request), faults }
    for (const fault of way.faults) {
      const answer = await fault.answer?.(way.kind)
      if (answer) return give(answer, near)
    }
    if (!near.socket.destroyed) passOn(way, target)
  }
  const isAncient = (): boolean => faults.some((fault) => fault.isAncient)

  const server = createServer((request, response) => {
    const { socket } = request
    void take(request, isAncient() ? lastOn(socket, '1.0') : nearOf(response, socket))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    void take(request, lastOn(socket, isAncient() ? '1.0' : '1.1'))
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    // Clients may end a connection as they like.
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  t.teardown(() => {
    server.close()
    cut()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(...next) {
      faults = next
    },
    cut,
    lead(next) {
      target = next
    },
  }
}

function kindOf({ headers }: IncomingMessage): AskedKind {
  if (headers.upgrade?.toLowerCase() === 'websocket') return 'websocket'
  return headers.accept?.includes('text/event-stream') ? 'sse' : 'plain'
}
