import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { FORMATS } from '../../../src/format/formats.ts'
import { Batch } from '../../../src/stream/batch.ts'
import { Entry } from '../../../src/stream/entry.ts'
import {
  batchWriter,
  Framing,
  type WriteBatch,
  writeEach,
  writeShared,
} from '../../../src/transport/websocket-batch.ts'

const SIZES = [0, 10, 60, 125, 126, 1000, 65_000, 70_000]

const batch = new Batch(
  SIZES.map((size, i) => {
    const data = JSON.stringify('é'.repeat(size))
    return new Entry('epoch', { position: i + 1, channel: 'a', id: String(i), time: 0, data })
  }),
  SIZES.length,
)

t.test('Frames are shared with the version of ws at hand', async (t) => {
  t.equal(batchWriter(new WebSocketServer({ noServer: true })), writeShared)
})

t.test('Where ws writes its frames later, each socket has its own', async (t) => {
  class Later extends WebSocket {
    override send(data: string): void {
      setImmediate(() => super.send(data))
    }
  }
  t.equal(batchWriter(new WebSocketServer({ noServer: true, WebSocket: Later })), writeEach)
})

for (const write of [writeShared, writeEach]) {
  for (const format of FORMATS) {
    t.test(
      `Both ways bring the same messages, whole and in order, between those of ws (${write.name}, ${format.name})`,
      async (t) => {
        const messages = await received(t, write, new Framing(format))
        t.strictSame(
          messages.slice(1, -1),
          batch.entries.map((entry) => format.notification(entry)),
        )
        t.strictSame([messages[0], messages.at(-1)], ['before', 'after'])
      },
    )
  }
}

/** What a client gets when a batch is written between two messages: of text frames the text. */
async function received(
  t: { teardown(fn: () => unknown): void },
  write: WriteBatch,
  framing: Framing,
): Promise<unknown[]> {
  const server = createServer().listen(0, '127.0.0.1')
  const sockets = new WebSocketServer({ server })
  t.teardown(() => server.close())
  sockets.on('connection', (ws, { socket }: { socket: Socket }) => {
    ws.send('before')
    write(ws, socket, batch, framing)
    ws.send('after')
    ws.close()
  })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const messages: unknown[] = []
  client.on('message', (data, isBinary) => messages.push(isBinary ? data : String(data)))
  await once(client, 'close')
  return messages
}
