/** Bare `ws`: a frame is made once, and its bytes go to the sockets of all. */
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { listen, publisher } from './publisher.ts'

const sockets = new Set<Duplex>()
const upgrades = new WebSocketServer({ noServer: true })

/** An unmasked text frame of less than 64 KiB (RFC 6455 §5.2). */
function frameOf(line: string): Buffer {
  const payload = Buffer.from(line)
  const { length } = payload
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), payload])
}

const server = publisher((line) => {
  const frame = frameOf(line)
  for (const socket of sockets) socket.write(frame)
})
server.on('upgrade', (request, socket, head) => {
  upgrades.handleUpgrade(request, socket, head, () => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
})
listen(server)
