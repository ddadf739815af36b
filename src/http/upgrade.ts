import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { refusePipelinedUpgrade } from './client-error.ts'

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
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`, 'Connection: close']
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2)
    if (!ofUpgrade.test(name)) lines.push(`${name}: ${value}`)
  }
  // Header fields came as bytes and were read as Latin-1 (RFC 9110 §5.5): so they go back.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

/** The fields that only the upgrade, and this connection, were about (RFC 9110 §7.6.1 and §7.8; RFC 7540 §3.2.1). */
const ofUpgrade = /^(connection|upgrade|http2-settings)$/i
