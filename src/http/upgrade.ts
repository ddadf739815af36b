import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { refusePipelinedUpgrade } from './client-error.ts'
import { requestHead } from './request-head.ts'

/**
 * Looks at every `Upgrade` that a client of `server` asks for, and passes on those to WebSocket.
 *
 * Node gives up a connection to whoever listens for upgrades, whatever the upgrade is to. Clients that would rather speak HTTP/2
 * (`Upgrade: h2c`: curl --http2, Java's HttpClient) still mean their request; a server may ignore the field (RFC 9110 §7.8), so the
 * connection is given back with the request as if it had not been there.
 *
 * @returns emits `upgrade` with what Node gave, for WebSocket only
 */
export function webSocketUpgrades(server: Server): EventEmitter {
  const upgrades = new EventEmitter()
  // Node would leave out what comes after the two-thousandth field, but its parser has believed it: a length, say, without which a
  // body would be taken for a request. Their size is bounded.
  server.maxHeadersCount = 0
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (refusePipelinedUpgrade(socket)) return
    if (request.headers.upgrade?.toLowerCase() === 'websocket')
      upgrades.emit('upgrade', request, socket, head)
    else giveBack(server, request, socket, head)
  })
  return upgrades
}

/** Once a connection: it ends with the answer, for each time leaves listeners of Node's on the socket. */
function giveBack(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const text = requestHead(request, (name, value) => {
    if (isOfUpgrade(name)) return undefined
    return /^connection$/i.test(name) ? 'close' : value
  })
  socket.unshift(Buffer.concat([Buffer.from(text, 'latin1'), head]))
  server.emit('connection', socket)
}

/** The fields that only the upgrade was about (RFC 9110 §7.8; RFC 7540 §3.2.1). */
function isOfUpgrade(name: string): boolean {
  return /^(upgrade|http2-settings)$/i.test(name)
}
