import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket, WebSocketServer } from 'ws'
import type { Teardown } from '../../../test/support/nats.ts'
import type { Numbered } from '../../../test/support/network/feed.ts'
import type { Service } from '../../../test/support/network/service.ts'
import { load } from '../packages.ts'
import { listen } from './listen.ts'
import { Outbox } from './outbox.ts'
import { type Peer, runtimeOf } from './peer.ts'

/** As its server's `window_ms`. */
const POLL_MS = 10_000
/** As its manual recommends. */
const FALLBACK_MS = 2_500
const TOPIC = 'numbers'

interface Channel {
  join(): { receive(status: 'ok', listener: () => void): void }
  on(event: 'notification', listener: (data: Numbered) => void): void
}

interface PhoenixSocket {
  readonly transport: unknown
  connect(): void
  disconnect(): void
  channel(topic: string): Channel
  onClose(listener: () => void): void
}

/** Its client with the fallback on, and a stand-in for its server: version 2 of its protocol over both transports, no replay. */
export function phoenix(): Peer {
  const { Socket, LongPoll } = load<{
    Socket: new (url: string, options: object) => PhoenixSocket
    LongPoll: unknown
  }>('phoenix')
  return {
    serve,
    runtime: runtimeOf('phoenix', (url, { live, lost, notification }) => {
      const socket = new Socket(`${url.replace('http', 'ws')}/socket`, {
        transport: WebSocket,
        longPollFallbackMs: FALLBACK_MS,
      })
      socket.onClose(lost)
      const channel = socket.channel(TOPIC)
      channel.on('notification', ({ n }) => notification(n))
      channel.join().receive('ok', () => live(socket.transport === LongPoll ? 'long-poll' : 'websocket'))
      socket.connect()
      return () => socket.disconnect()
    }),
  }
}

async function serve(t: Teardown): Promise<Service> {
  const connections = new Map<string, Outbox>()
  const joined = new Map<Outbox, unknown>()
  const sockets = new WebSocketServer({ noServer: true })

  /** Joins and heartbeats are answered with `ok`; a client that has joined gets what is published. */
  function receive(outbox: Outbox, message: string): void {
    const [joinRef, ref, topic, event] = JSON.parse(message)
    if (event === 'phx_join') joined.set(outbox, joinRef)
    outbox.put(JSON.stringify([joinRef, ref, topic, 'phx_reply', { status: 'ok', response: {} }]))
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const give = (body: object): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const token = new URL(request.url ?? '', 'http://peer').searchParams.get('token') ?? ''
    const outbox = connections.get(token)
    if (request.method === 'POST') {
      if (outbox) for (const line of (await text(request)).split('\n')) receive(outbox, line)
      give({ status: outbox ? 200 : 410 })
    } else if (outbox) {
      outbox.next(POLL_MS, (messages) => give({ status: messages.length > 0 ? 200 : 204, token, messages }))
    } else {
      const fresh = randomUUID()
      connections.set(fresh, new Outbox(true))
      give({ status: 410, token: fresh })
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const outbox = new Outbox(true)
      outbox.flowTo((message) => ws.send(message))
      ws.on('message', (data) => receive(outbox, `${data}`))
      ws.on('close', () => joined.delete(outbox))
      ws.on('error', () => {})
    })
  })
  const port = await listen(t, server)
  t.teardown(() => {
    for (const ws of sockets.clients) ws.terminate()
  })
  return {
    port,
    async publish(data) {
      for (const [outbox, joinRef] of joined) {
        outbox.put(JSON.stringify([joinRef, null, TOPIC, 'notification', data]))
      }
      return true
    },
  }
}
