import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection on which a test says exactly what it wants. */
export interface RawConnection {
  readonly socket: Socket
  /** Takes exactly `length` bytes, as soon as they are there; fails when the connection ends before. */
  read(length: number): Promise<Buffer>
  /** Takes everything up to and including `end`. */
  readThrough(end: string): Promise<string>
  /** Takes what is left when the server has closed the connection. */
  rest(): Promise<Buffer>
}

/** Opens a connection that is torn down with `t`. */
export async function openRaw(
  t: { teardown(fn: () => unknown): void },
  port: number,
): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let bytes = Buffer.alloc(0)
  let closed = false
  let wake: () => void = () => {}
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    wake()
  })
  // A server that drops the connection may reset it: what it said before counts.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed = true
    wake()
  })
  await once(socket, 'connect')

  async function take(measure: () => number): Promise<Buffer> {
    for (let length = measure(); ; length = measure()) {
      if (length >= 0 && length <= bytes.length) {
        const taken = bytes.subarray(0, length)
        bytes = bytes.subarray(length)
        return taken
      }
      if (closed) throw new Error(`the connection ended with ${JSON.stringify(bytes.toString())}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  return {
    socket,
    read: (length) => take(() => length),
    async readThrough(end) {
      const taken = await take(() => {
        const found = bytes.indexOf(end)
        return found < 0 ? -1 : found + end.length
      })
      return taken.toString()
    },
    async rest() {
      if (!closed) await once(socket, 'close')
      return take(() => bytes.length)
    },
  }
}

/** The bytes of a GET request. */
export function getBytes(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** The headers of an upgrade to a WebSocket. */
export const UPGRADE: Readonly<Record<string, string>> = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
