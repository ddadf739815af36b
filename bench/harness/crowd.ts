import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ClientFormat, jsonFormat } from '../../test/support/clients/formats.ts'
import type { Teardown } from '../../test/support/nats.ts'
import { Frames } from './frames.ts'

/** Connections being made at once: fewer than Node's backlog of 511, past which the kernel lets clients wait for a second. */
const AT_ONCE = 400
/** Loopback addresses that clients come from: each has 28,000 ports. */
const ADDRESSES = 19

/** What a client of the crowd is told when a notification comes. */
export type Heard = (client: number, channel: string, data: unknown) => void

/**
 * Many WebSocket clients of this service in this process, for what the load generator can't do: clients each with channels and a
 * cursor of its own, all cut at once. They do nothing but read, and need a heartbeat so long that no ping has to be answered.
 */
export class Crowd {
  /** the newest that each client was told */
  readonly cursors: string[] = []
  readonly #sockets: Socket[] = []
  readonly #heard: Heard
  readonly #format: ClientFormat

  constructor(ends: Teardown, heard: Heard, format = jsonFormat) {
    this.#heard = heard
    this.#format = format
    ends.teardown(() => this.cut())
  }

  /**
   * Connects a client for each of `paths`; resolves when all are live.
   * @throws when one is refused, or closed before
   */
  async gather(port: number, paths: readonly string[]): Promise<void> {
    const waiting = paths.entries()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const [client, path] of waiting) await this.#join(port, client, path)
      }),
    )
  }

  /** The bytes that all have taken of their connections. */
  get bytesRead(): number {
    return this.#sockets.reduce((sum, socket) => sum + socket.bytesRead, 0)
  }

  /** Cuts all connections at once, with resets; resolves when they are gone on this side. */
  async cut(): Promise<void> {
    const gone = this.#sockets.splice(0).map((socket) => {
      socket.resetAndDestroy()
      return socket.closed ? undefined : once(socket, 'close')
    })
    await Promise.all(gone)
  }

  #join(port: number, client: number, path: string): Promise<void> {
    const localAddress = `127.0.0.${2 + (client % ADDRESSES)}`
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    this.#sockets.push(socket)
    // The key and all else as in RFC 6455 §1.2, whose answer nobody here checks.
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Protocol: ${this.#format.subprotocol}\r\n\r\n`,
    )
    return new Promise((resolve, reject) => {
      const frames = new Frames((frame) => {
        const message = this.#format.message(frame)
        if (message.type === 'ready') {
          this.cursors[client] = message.cursor
          resolve()
        } else if (message.type === 'notification') {
          const { cursor, channel, data } = message.notification
          this.cursors[client] = cursor
          this.#heard(client, channel, data)
        }
      })
      socket.on('data', (bytes) => frames.push(bytes))
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`client ${client} was closed before it was live`)))
    })
  }
}
