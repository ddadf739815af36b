import { createServer, type Server as HttpServer } from 'node:http'
import type { Numbered } from '../../../test/support/network/feed.ts'
import { load } from '../packages.ts'
import { listen } from './listen.ts'
import { type Peer, runtimeOf } from './peer.ts'

interface Engine {
  readonly transport: { readonly name: string }
  on(event: 'upgrade', listener: () => void): void
}

interface ClientSocket {
  readonly io: { readonly engine: Engine }
  on(event: 'connect' | 'disconnect', listener: () => void): void
  on(event: 'notification', listener: (data: Numbered) => void): void
  disconnect(): void
}

/** Its own server, with recovery of the connection's state on, and its client as it comes. */
export function socketIo(): Peer {
  const { Server } = load<{
    Server: new (
      server: HttpServer,
      options: object,
    ) => { emit(event: string, data: unknown): void; close(): void }
  }>('socket.io')
  const { io } = load<{ io(url: string, options: object): ClientSocket }>('socket.io-client')
  return {
    async serve(t) {
      const http = createServer()
      const server = new Server(http, { connectionStateRecovery: {} })
      const port = await listen(t, http)
      t.teardown(() => server.close())
      return {
        port,
        async publish(data) {
          server.emit('notification', data)
          return true
        },
      }
    },
    runtime: runtimeOf('socket.io-client', (url, { live, lost, notification }) => {
      const socket = io(url, { forceNew: true })
      const tell = (): void => {
        const { name } = socket.io.engine.transport
        live(name === 'polling' ? 'long-poll' : name)
      }
      socket.on('connect', () => {
        tell()
        socket.io.engine.on('upgrade', tell)
      })
      socket.on('disconnect', lost)
      socket.on('notification', ({ n }) => notification(n))
      return () => socket.disconnect()
    }),
  }
}
