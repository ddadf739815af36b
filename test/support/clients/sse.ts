import { EventSource } from 'eventsource'
import { Agent, fetch } from 'undici'
import type { NotificationMessage } from '../../../src/protocol/messages.ts'
import { type ClientKind, Inbox, type Message, readingClient, streamUrl } from './client.ts'
import { curlHttp, fetchHttp, type Http, lightHttp } from './http.ts'

/** What SSE has beside notifications. */
const EVENTS = ['ready', 'heartbeat', 'gap', 'bye'] as const

function sseBy(http: Http): ClientKind {
  return {
    name: `sse by ${http.name}`,
    transport: 'sse',
    open: async (target, query) =>
      readingClient((inbox, signal) => {
        const chunks = http.get(streamUrl(target, query), { accept: 'text/event-stream' }, signal)
        return readEvents(chunks, (event, data) => inbox.put(messageOf(event, data)))
      }),
  }
}

/** Reads an event stream (WHATWG HTML §9.2) to its end. */
async function readEvents(
  chunks: AsyncIterable<Buffer>,
  onEvent: (event: string, data: string) => void,
): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
      const data = fields.get('data')
      if (data !== undefined) onEvent(fields.get('event') ?? 'message', data)
    }
  }
}

function messageOf(event: string, data: string): Message {
  const members: unknown = JSON.parse(data)
  return event === 'message'
    ? { type: 'notification', notification: members as NotificationMessage }
    : ({ type: event, ...(members as object) } as Message)
}

/** `fetch` of undici. */
export const fetchSseClient = sseBy(fetchHttp)

/** `node:http`. */
export const lightSseClient = sseBy(lightHttp)

/** `curl`. */
export const curlSseClient = sseBy(curlHttp)

/** `eventsource`, which would come back by itself: it is closed with its first connection. */
export const eventSourceClient: ClientKind = {
  name: 'sse by eventsource',
  transport: 'sse',
  async open(target, query) {
    const inbox = new Inbox()
    const dispatcher = new Agent()
    const source = new EventSource(streamUrl(target, query), {
      fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    })
    const end = async () => {
      source.close()
      inbox.end()
      await dispatcher.destroy()
    }
    for (const event of ['message', ...EVENTS]) {
      source.addEventListener(event, ({ data }) => inbox.put(messageOf(event, data)))
    }
    source.addEventListener('error', end)
    return { inbox, close: end }
  },
}
