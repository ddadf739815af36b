import { connect } from 'node:net'
import { request } from 'undici'
import { WebSocket } from 'ws'

/** A bare client, and what it has been told, in order. */
export interface PlainClient {
  readonly told: readonly string[]
  /** Resolves once it has been told `what`. */
  until(what: string): Promise<void>
}

type Here = { teardown(fn: () => void): void }

/** A WebSocket: it tells `open`, the type of each message, the status of a refusal, and how it was `closed`. */
export function openWebSocket(t: Here, url: string): PlainClient {
  const { client, tell } = listener()
  const ws = new WebSocket(url.replace('http', 'ws'))
  t.teardown(() => ws.terminate())
  ws.on('open', () => tell('open'))
  ws.on('message', (data) => tell(JSON.parse(`${data}`).type))
  ws.on('unexpected-response', (_, { statusCode }) => tell(`${statusCode}`))
  ws.on('close', () => tell('closed'))
  // `closed` follows.
  ws.on('error', () => {})
  return client
}

/** A stream of events: it tells the status, the name of each event that has one, `notification` for the others, and `closed`. */
export function openSse(t: Here, url: string): PlainClient {
  const { client, tell } = listener()
  const abort = new AbortController()
  t.teardown(() => abort.abort())
  const read = async (): Promise<void> => {
    const { statusCode, body } = await request(url, {
      headers: { accept: 'text/event-stream' },
      signal: abort.signal,
    })
    tell(`${statusCode}`)
    let text = ''
    for await (const chunk of body) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        if (block.includes('data:')) tell(/^event: ?(.*)/m.exec(block)?.[1] ?? 'notification')
      }
    }
  }
  read().then(
    () => tell('closed'),
    () => tell('closed'),
  )
  return client
}

/** One request of HTTP/1.1 on a connection of its own: it tells the lines of the head, and `closed`. */
export function ask(t: Here, url: string): PlainClient {
  const { client, tell } = listener()
  const { hostname, port, pathname, search, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  socket.setEncoding('latin1').on('data', (text: string) => {
    for (const line of text.split('\r\n')) tell(line)
  })
  socket.on('error', () => {})
  socket.on('close', () => tell('closed'))
  return client
}

function listener(): { client: PlainClient; tell(what: string): void } {
  const told: string[] = []
  const waiting = new Set<() => void>()
  return {
    client: {
      told,
      async until(what) {
        while (!told.includes(what)) await new Promise<void>((resolve) => waiting.add(resolve))
      },
    },
    tell(what) {
      told.push(what)
      for (const look of waiting) look()
      waiting.clear()
    },
  }
}
