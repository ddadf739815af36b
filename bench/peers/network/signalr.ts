import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { Teardown } from '../../../test/support/nats.ts'
import type { Numbered } from '../../../test/support/network/feed.ts'
import type { Service } from '../../../test/support/network/service.ts'
import { load } from '../packages.ts'
import { listen } from './listen.ts'
import { Outbox } from './outbox.ts'
import { type Peer, runtimeOf } from './peer.ts'

/** What ends every message of its JSON protocol. */
const END = '\x1e'
const PING = `{"type":6}${END}`
/** As its server's KeepAliveInterval. */
const PING_MS = 15_000
/** As its server's poll timeout. */
const POLL_MS = 90_000
/** How long the client's manual waits before it starts again a connection that could not be had, or was given up. */
const START_AGAIN_MS = 5_000

const TRANSPORTS = ['WebSockets', 'ServerSentEvents', 'LongPolling']
const NAMES: Readonly<Record<string, string>> = {
  WebSocketTransport: 'websocket',
  ServerSentEventsTransport: 'sse',
  LongPollingTransport: 'long-poll',
}

interface Connection {
  readonly connection: { readonly transport: object }
  start(): Promise<void>
  stop(): Promise<void>
  on(event: 'notification', listener: (data: Numbered) => void): void
  onreconnecting(listener: () => void): void
  onreconnected(listener: () => void): void
  onclose(listener: () => void): void
}

interface Builder {
  withUrl(url: string): Builder
  withAutomaticReconnect(): Builder
  configureLogging(level: number): Builder
  build(): Connection
}

/** Its client as its manual has it, and a stand-in for its server: hub protocol in JSON over its three transports, no replay. */
export function signalR(): Peer {
  const { HubConnectionBuilder } = load<{ HubConnectionBuilder: new () => Builder }>('@microsoft/signalr')
  return {
    serve,
    runtime: runtimeOf('@microsoft/signalr', (url, { live, lost, notification }) => {
      const connection = new HubConnectionBuilder()
        .withUrl(`${url}/hub`)
        .withAutomaticReconnect()
        .configureLogging(6)
        .build()
      let timer: NodeJS.Timeout
      let isOver = false
      const tell = (): void => live(NAMES[connection.connection.transport.constructor.name] ?? 'unknown')
      const again = (): void => {
        lost()
        if (!isOver) timer = setTimeout(start, START_AGAIN_MS)
      }
      const start = (): void => void connection.start().then(tell, again)
      connection.onreconnecting(lost)
      connection.onreconnected(tell)
      connection.onclose(again)
      connection.on('notification', ({ n }) => notification(n))
      start()
      return () => {
        isOver = true
        clearTimeout(timer)
        void connection.stop()
      }
    }),
  }
}

async function serve(t: Teardown): Promise<Service> {
  const connections = new Map<string, Outbox>()
  const sockets = new WebSocketServer({ noServer: true })

  /** The first message of a client is its handshake; nothing else that it sends matters here. */
  const receive = (outbox: Outbox, message: string): void => {
    if (message.includes('"protocol"')) outbox.open(`{}${END}`)
  }
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://peer')
    const json = { 'content-type': 'application/json' }
    if (pathname === '/hub/negotiate') {
      const id = randomUUID()
      connections.set(id, new Outbox())
      const availableTransports = TRANSPORTS.map((transport) => ({ transport, transferFormats: ['Text'] }))
      const body = { connectionId: id, connectionToken: id, negotiateVersion: 1, availableTransports }
      response.writeHead(200, json).end(JSON.stringify(body))
      return
    }
    const outbox = connections.get(searchParams.get('id') ?? '')
    if (!outbox) {
      response.writeHead(404).end()
    } else if (request.method === 'POST') {
      receive(outbox, await text(request))
      response.writeHead(200).end()
    } else if (request.method === 'DELETE') {
      response.writeHead(202).end()
    } else if (request.headers.accept?.includes('text/event-stream')) {
      // As its server does, which asks no proxy not to buffer.
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache,no-store',
        pragma: 'no-cache',
        'content-encoding': 'identity',
      })
      response.write(':\r\n')
      outbox.flowTo((message) => response.write(`data: ${message}\r\n\r\n`))
    } else if (outbox.isPolled) {
      outbox.next(POLL_MS, (messages) => response.writeHead(200).end(messages.join('')))
    } else {
      outbox.isPolled = true
      response.writeHead(200).end()
    }
  }
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const outbox = new Outbox()
      const id = randomUUID()
      connections.set(id, outbox)
      outbox.flowTo((message) => ws.send(message))
      ws.on('message', (data) => receive(outbox, `${data}`))
      ws.on('close', () => connections.delete(id))
      ws.on('error', () => {})
    })
  })
  const send = (message: string): void => {
    for (const outbox of connections.values()) outbox.put(message)
  }
  const pings = setInterval(send, PING_MS, PING)
  const port = await listen(t, server)
  t.teardown(() => {
    clearInterval(pings)
    for (const ws of sockets.clients) ws.terminate()
  })
  return {
    port,
    async publish(data) {
      send(JSON.stringify({ type: 1, target: 'notification', arguments: [data] }) + END)
      return true
    },
  }
}
