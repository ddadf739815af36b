import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { publish, type Target } from './clients/requests.ts'

/** What comes of a publish on its way: it is stored and nobody is told, it is refused with 503, it is answered so, or it is not answered. */
export type Fate = 'answer lost' | 'refused' | 'unanswered' | Answer

/** An answer that somebody else than the service gives. */
export interface Answer {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

/** A publish that came along. */
export interface Passenger {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** of the connection that it came on */
  readonly port: number | undefined
}

/** A way to a service, and who came along so far. */
export interface HarmfulWay extends Target {
  readonly requests: readonly Passenger[]
  /** Resolves when so many have come. */
  came(count: number): Promise<void>
  /** Closes the connections. */
  cut(): void
}

/** A way to `service` on which the publishes that `fates` tells of come to harm, in order; the others get through. It is there until `t` ends. */
export async function harmfulWay(
  t: { teardown(fn: () => unknown): void },
  service: Target,
  fates: readonly (Fate | undefined)[],
): Promise<HarmfulWay> {
  const requests: Passenger[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const fate = fates[requests.length]
    requests.push({ path: request.url, headers: request.headers, body, port: request.socket.remotePort })
    server.emit('came')
    if (fate === 'unanswered') return
    if (fate === 'refused') {
      response.writeHead(503, { 'retry-after': '0' }).end()
      return
    }
    if (typeof fate === 'object') {
      response.writeHead(fate.status, fate.headers).end(fate.body)
      return
    }
    const passed = Object.entries(request.headers).filter(([name]) => PASSED.has(name))
    const answer = await publish(service, body, Object.fromEntries(passed) as Record<string, string>)
    if (fate === 'answer lost') request.socket.destroy()
    else response.writeHead(answer.status).end(JSON.stringify(answer.body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut: () => server.closeAllConnections(),
    async came(count) {
      while (requests.length < count) await once(server, 'came')
    },
  }
}

/** The headers that are for the service. */
const PASSED: ReadonlySet<string> = new Set(['content-type', 'idempotency-key', 'authorization'])
