import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TransportKind } from '../../src/protocol/messages.ts'

/** What a gate does to a request: let it pass, answer 403 with a page, never answer, or cut the connection once it is open. */
export type Treatment = 'pass' | 'refuse' | 'mute' | 'cut'

/** A proxy that treats each transport as it is told, from one moment to the next. */
export interface Gate {
  readonly url: string
  /** what has asked to pass, in order */
  readonly seen: readonly TransportKind[]
  /** how each transport is treated from now on; what isn't named passes. `livez` is the plain HTTP check. */
  treat(treatments: Partial<Record<TransportKind | 'livez', Treatment>>): void
  /** Cuts what is open. */
  cut(): void
  /** Leads to another port from now on. */
  lead(port: number): void
}

/** Stands before the service at `port` of the loopback until `t` ends. */
export async function openGate(t: { teardown(fn: () => void): void }, port: number): Promise<Gate> {
  const open = new Set<Duplex>()
  const seen: TransportKind[] = []
  let treatments: Partial<Record<TransportKind | 'livez', Treatment>> = {}
  let target = port

  const treatmentOf = (request: IncomingMessage): Treatment => {
    const url = new URL(request.url ?? '', 'http://gate')
    if (url.pathname === '/livez') return treatments.livez ?? 'pass'
    const transport = url.searchParams.get('transport') as TransportKind
    seen.push(transport)
    return treatments[transport] ?? 'pass'
  }

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const treatment = treatmentOf(request)
    if (treatment === 'mute') return
    if (treatment === 'refuse') {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Not here</h1>')
      return
    }
    const { method, headers, url } = request
    const onward = httpRequest({ port: target, host: '127.0.0.1', method, headers, path: url }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
      if (treatment === 'cut') answer.once('data', () => response.destroy())
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }

  function passUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const treatment = treatmentOf(request)
    socket.on('error', () => {})
    if (treatment === 'mute') return
    if (treatment === 'refuse') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const onward = connect(target, '127.0.0.1')
    const lines = [`GET ${request.url} HTTP/1.1`]
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
    }
    onward.write(`${lines.join('\r\n')}\r\n\r\n`)
    onward.write(head)
    onward.pipe(socket)
    socket.pipe(onward)
    // The first bytes are the answer to the upgrade, so the stream is open a moment later.
    if (treatment === 'cut') onward.once('data', () => setImmediate(() => socket.destroy()))
    onward.on('error', () => socket.destroy())
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  }

  const server = createServer(pass).on('upgrade', passUpgrade)
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  t.teardown(() => {
    server.close()
    cut()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    treat(wanted) {
      treatments = wanted
    },
    cut,
    lead(next) {
      target = next
    },
  }
}
