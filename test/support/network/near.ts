import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { Answer } from './fault.ts'

/** The client's side of a request that a proxy has got. */
export interface Near {
  readonly socket: Socket
  /** where the body of the answer goes, or the bytes of a WebSocket */
  readonly body: Writable
  /** Sends the head of the answer, once. */
  head(status: number, headers: OutgoingHttpHeaders): void
}

/** A request whose connection lives on after its answer. */
export function nearOf(response: ServerResponse, socket: Socket): Near {
  return {
    socket,
    body: response,
    head(status, headers) {
      response.writeHead(status, headers).flushHeaders()
    },
  }
}

/** A request whose answer ends with the connection: an upgrade, or one of HTTP/1.0. */
export function lastOn(socket: Socket, version: '1.0' | '1.1'): Near {
  return {
    socket,
    body: socket,
    head(status, headers) {
      const all = status === 101 ? headers : { ...headers, connection: 'close' }
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`HTTP/${version} ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`)
    },
  }
}

/** Gives the client an answer that is not the service's. */
export function give(answer: Answer, near: Near): void {
  if (answer === 'silence') return
  if (answer === 'reset') {
    near.socket.resetAndDestroy()
    return
  }
  const { status, headers, body } = answer
  near.head(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  near.body.end(body)
}
