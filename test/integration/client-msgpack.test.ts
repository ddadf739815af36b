import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { connect } from '../../src/client/msgpack/index.ts'
import type { TransportKind } from '../../src/protocol/messages.ts'
import { startApp } from '../support/app.ts'
import { Publisher, publishOverCuts, startClient, upTo } from '../support/client.ts'
import { openGate } from '../support/gate.ts'
import { until } from '../support/until.ts'

/** What is to be heard on each transport: SSE is text. */
const SPOKEN: Readonly<Record<TransportKind, string>> = {
  websocket: 'tidings.v1.msgpack',
  sse: 'text/event-stream; charset=utf-8',
  'long-poll': 'application/msgpack',
}

/** Quicker than life, so that the tests are. */
const timings = { probe: 200, backoff: 50, margin: 500, ready: 1_000 }

/** Surroundings that write down which subprotocols and media types are spoken. */
function listening() {
  const spoken = new Set<string>()
  class Heard extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      this.on('open', () => spoken.add(this.protocol))
    }
  }
  return {
    spoken,
    WebSocket: Heard,
    fetch: async (...request: Parameters<typeof fetch>) => {
      const response = await fetch(...request)
      spoken.add(`${response.headers.get('content-type')}`)
      return response
    },
  }
}

for (const [transport, format] of Object.entries(SPOKEN) as [TransportKind, string][]) {
  t.test(
    `over ${transport} every notification comes once and in order, over cuts, as ${format}`,
    async (t) => {
      const { url, port } = await startApp(t)
      const gate = await openGate(t, port)
      const { spoken, ...heard } = listening()
      const client = startClient(t, gate.url, { transports: [transport], timings, ...heard }, connect)
      await client.live(transport)
      const last = await publishOverCuts(client, gate, url, 3)
      t.strictSame(client.numbers, upTo(last))
      t.strictSame(
        [...spoken].filter((one) => !one.startsWith('application/json')),
        [format],
      )
    },
  )
}

t.test('channels are added and dropped over WebSocket', async (t) => {
  const { url } = await startApp(t)
  const client = startClient(t, url, { transports: ['websocket'], timings, channels: ['other'] }, connect)
  await client.live()
  const publisher = new Publisher(() => url)
  client.stream.subscribe('numbers')
  await until('some', async () => {
    await publisher.publish()
    return client.numbers.length > 1
  })
  client.stream.unsubscribe('numbers')
  const had = client.numbers.length
  await publisher.publish()
  t.equal(client.numbers.length, had)
})

t.test('with format json it is the client of JSON', async (t) => {
  const { url } = await startApp(t)
  const { spoken, ...heard } = listening()
  const stream = connect<number>(url, { format: 'json', channels: ['a'], tabs: false, ...heard })
  t.teardown(() => stream.close())
  await until('live', () => stream.status.transport === 'websocket')
  t.ok(spoken.has('tidings.v1.json'))
})

/** One that nothing begins with, and one that is cut short. */
const NONSENSE = [[0xc1], [0x92]]

for (const nonsense of NONSENSE) {
  t.test(`a socket that brings nonsense is given up for the next transport (${nonsense})`, async (t) => {
    const { url } = await startApp(t)
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      handleProtocols: () => SPOKEN.websocket,
    })
    await once(server, 'listening')
    server.on('connection', (ws) => ws.send(Buffer.from(nonsense)))
    t.teardown(() => server.close())
    const client = startClient(t, url, { timings, WebSocket: astray(t, server) }, connect)
    await client.live('sse')
  })
}

/** Sockets that reach another server than they were meant for. */
function astray(t: Test, server: WebSocketServer): typeof WebSocket {
  const { port } = server.address() as { port: number }
  return class extends WebSocket {
    constructor(_url: string, protocols: string[]) {
      super(`ws://127.0.0.1:${port}`, protocols)
      t.teardown(() => this.terminate())
    }
  } as typeof WebSocket
}
