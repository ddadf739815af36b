import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** Is told what happens on a WebSocket and on the connection beneath it. */
export interface SocketListener {
  /** the connection takes bytes again */
  onDrain(): void
  /** nothing has moved for the time that the connection was given */
  onIdle(): void
  onMessage(data: Buffer, isBinary: boolean): void
  /** the peer has pinged; `ws` answers by itself */
  onPing(): void
  onPong(): void
  onClose(): void
}

const LISTENER = Symbol('listener')

interface Carrier extends EventEmitter {
  [LISTENER]?: SocketListener
}

/** Has `listener` told. All sockets share the functions below: a closure for each event of each would be half a KiB a connection. */
export function listen(ws: WebSocket, socket: Socket, listener: SocketListener): void {
  for (const carrier of [ws, socket] as Carrier[]) carrier[LISTENER] = listener
  socket.on('drain', drain)
  socket.on('timeout', timeout)
  ws.on('message', message)
  ws.on('ping', ping)
  ws.on('pong', pong)
  ws.on('close', close)
}

function drain(this: Carrier): void {
  this[LISTENER]?.onDrain()
}

function timeout(this: Carrier): void {
  this[LISTENER]?.onIdle()
}

function message(this: Carrier, data: Buffer, isBinary: boolean): void {
  this[LISTENER]?.onMessage(data, isBinary)
}

function ping(this: Carrier): void {
  this[LISTENER]?.onPing()
}

function pong(this: Carrier): void {
  this[LISTENER]?.onPong()
}

function close(this: Carrier): void {
  this[LISTENER]?.onClose()
}
