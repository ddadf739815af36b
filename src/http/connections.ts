import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Connections that there may be besides those of streams, for publishes, figures and health. */
const BESIDES_STREAMS = 1_000

/**
 * Bounds what connections may cost, whatever is asked for on them: how many there are, and how long one lasts on which nothing moves.
 *
 * Whoever sends too slowly is cut off by Node's own timers (`requestTimeout`, `headersTimeout`). Whoever doesn't take answers is not.
 *
 * @param maxStreams one more than these and those besides is closed at once, so that file descriptors are left
 * @param stallMs time after which a peer that takes none of the bytes it has asked for is dropped, in milliseconds
 */
export function boundConnections(server: Server, maxStreams: number, stallMs: number): void {
  // Not by Node's own maxConnections: one that a full worker refuses for it goes round among the others until one has room.
  const open = new Set<Socket>()
  const leave = function (this: Socket) {
    open.delete(this)
  }
  server.on('connection', (socket: Socket) => {
    // One whose upgrade is ignored comes twice (see webSocketUpgrades).
    if (open.has(socket)) return
    open.add(socket)
    socket.on('close', leave)
    if (open.size > maxStreams + BESIDES_STREAMS) socket.destroy()
  })
  // Node looks whether the peer has taken something of a write that is under way: only without that the time is over.
  server.setTimeout(stallMs, (socket) => {
    const waitsForUs = responseUnderWay(socket) && socket.writableLength === 0
    if (!waitsForUs) socket.destroy()
  })
}

/** Node tells no one but itself which response a socket is carrying; its own handler of errors reads the same member. */
export function responseUnderWay(socket: Duplex): ServerResponse | undefined {
  return (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined
}
