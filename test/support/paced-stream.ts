import { get, type IncomingMessage } from 'node:http'
import { createWebSocketStream, WebSocket } from 'ws'
import type { ControlMessage, NotificationMessage } from '../../src/protocol/messages.ts'

/** What a stream brings: as over WebSocket, whichever the transport. */
export type StreamMessage =
  | { readonly type: 'notification'; readonly notification: NotificationMessage<Numbered> }
  | ControlMessage

/** Data by which a test knows a notification, and whether all of it has come. */
export interface Numbered {
  readonly n: number
  readonly padding: string
}

/** A client that takes a message when it is asked for one, and otherwise leaves the bytes where they are. */
export interface PacedStream {
  /** The next message; rejects when the stream has ended. */
  next(): Promise<StreamMessage>
  /** Drops the connection. */
  close(): void
}

/** Opens a stream over each transport that has one: `url` is that of the service, `query` goes behind `/v1/stream?`. */
export const pacedStreams = {
  websocket(url: string, query: string): PacedStream {
    const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/stream?${query}`)
    const stream = createWebSocketStream(ws, { readableObjectMode: true, encoding: 'utf8' })
    return paced(parseFrames(stream), () => ws.terminate())
  },
  sse(url: string, query: string): PacedStream {
    const request = get(`${url}/v1/stream?${query}`, { headers: { accept: 'text/event-stream' } })
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).on('error', reject)
    })
    return paced(parseEvents(response), () => request.destroy())
  },
}

function paced(messages: AsyncGenerator<StreamMessage>, close: () => void): PacedStream {
  return {
    async next() {
      const { value, done } = await messages.next()
      if (done) throw new Error('the stream has ended')
      return value
    },
    close,
  }
}

async function* parseFrames(frames: AsyncIterable<string>): AsyncGenerator<StreamMessage> {
  for await (const frame of frames) yield JSON.parse(frame) as StreamMessage
}

async function* parseEvents(response: Promise<IncomingMessage>): AsyncGenerator<StreamMessage> {
  let rest = ''
  for await (const text of (await response).setEncoding('utf8')) {
    const events = `${rest}${text}`.split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      const fields = new Map(
        event.split('\n').map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 2)]),
      )
      const data = fields.get('data')
      if (data === undefined) continue
      const value = JSON.parse(data)
      const type = fields.get('event')
      yield type === undefined ? { type: 'notification', notification: value } : { type, ...value }
    }
  }
}
