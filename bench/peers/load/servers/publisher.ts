import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A server that hands over what is posted to it, a line for each notification, and answers 204. */
export function publisher(publish: (line: string) => void): Server {
  return createServer(async (request, response) => {
    for (const line of (await text(request)).split('\n')) publish(line)
    response.writeHead(204).end()
  })
}

/** Listens on a free port of the loopback, and says which. */
export function listen(server: Server): void {
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
    process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`)
  })
}
