import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type Client, type ClientKind, Inbox, type Message, type Query, streamUrl } from './client.ts'
import type { Target } from './requests.ts'

/** A client on a WebSocket. */
export interface WebSocketClient extends Client {
  readonly ws: WebSocket
  /** Sends a message: text as it is, all else as JSON. */
  say(message: unknown): void
}

/** How the client behaves. */
export interface WebSocketClientOptions {
  readonly protocols?: readonly string[]
  /** default: yes */
  readonly answersPings?: boolean
}

/** Opens a WebSocket; fails when the server refuses it. */
export async function openWebSocket(
  target: Target,
  query: Query,
  { protocols = [], answersPings = true }: WebSocketClientOptions = {},
): Promise<WebSocketClient> {
  const ws = new WebSocket(streamUrl(target, query).replace('http', 'ws'), [...protocols], {
    autoPong: answersPings,
  })
  const inbox = new Inbox()
  // The first messages may come in the same packet as the answer to the upgrade.
  ws.on('message', (data: Buffer) => inbox.put(JSON.parse(data.toString()) as Message))
  ws.on('close', (code) => inbox.end(code))
  await once(ws, 'open')
  return {
    ws,
    inbox,
    say: (message) => ws.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async close() {
      ws.close()
      await inbox.ended
    },
  }
}

/** `ws`. */
export const webSocketClient: ClientKind = {
  name: 'websocket by ws',
  transport: 'websocket',
  open: (target, query) => openWebSocket(target, query),
}

/** `ws`, which goes without a word, as when the network breaks. */
export const abruptWebSocketClient: ClientKind = {
  name: 'websocket by ws, abruptly',
  transport: 'websocket',
  async open(target, query) {
    const { ws, inbox } = await openWebSocket(target, query)
    return {
      inbox,
      async close() {
        ws.terminate()
        await inbox.ended
      },
    }
  },
}
