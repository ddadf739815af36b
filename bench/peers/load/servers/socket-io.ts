/** Socket.IO as it comes: what is published goes to all. */
import type { Server as HttpServer } from 'node:http'
import { load } from '../../packages.ts'
import { listen, publisher } from './publisher.ts'

const { Server } = load<{
  Server: new (server: HttpServer) => { emit(event: string, data: unknown): void }
}>('socket.io')

const server = publisher((line) => io.emit('notification', JSON.parse(line)))
const io = new Server(server)
listen(server)
