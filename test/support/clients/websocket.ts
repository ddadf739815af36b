import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type Client, type ClientKind, Inbox, type Query, streamUrl } from './client.ts'
import { type ClientFormat, jsonFormat, msgpackFormat, protobufFormat } from './formats.ts'
import type { Target } from './requests.ts'

/** A client on a WebSocket. */
export interface WebSocketClient extends Client {
  readonly ws: WebSocket
  /** Sends a message: text and bytes as they are, all else in the client's format. */
  say(message: string | Buffer | object): void
}

/** How the client behaves. */
export interface WebSocketClientOptions {
  /** default: JSON, which is not asked for */
  readonly format?: ClientFormat
  readonly protocols?: readonly string[]
  /** default: yes */
  readonly answersPings?: boolean
}

/** Opens a WebSocket; fails when the server refuses it. */
export async function openWebSocket(
  target: Target,
  query: Query,
  {
    format,
    protocols = format ? [format.subprotocol] : [],
    answersPings = true,
  }: WebSocketClientOptions = {},
): Promise<WebSocketClient> {
  const ws = new WebSocket(streamUrl(target, query).replace('http', 'ws'), [...protocols], {
    autoPong: answersPings,
  })
  const { encode, message } = format ?? jsonFormat
  const inbox = new Inbox()
  // The first messages may come in the same packet as the answer to the upgrade.
  ws.on('message', (data: Buffer) => inbox.put(message(data)))
  ws.on('close', (code) => inbox.end(code))
  await once(ws, 'open')
  return {
    ws,
    inbox,
    say: (said) => ws.send(typeof said === 'string' || Buffer.isBuffer(said) ? said : encode(said)),
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

/** The same in the other formats. */
export const formatWebSocketClients = [msgpackFormat, protobufFormat].map(
  (format): ClientKind => ({
    name: `websocket by ws, ${format.name}`,
    transport: 'websocket',
    open: (target, query) => openWebSocket(target, query, { format }),
  }),
)

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
