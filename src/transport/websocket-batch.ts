/**
 * How a batch gets onto a WebSocket. `ws` makes a frame, and a copy of its text, for every socket; notifications are the same for all
 * subscribers, so their frames are made once and written to the socket beneath `ws`. That is sound only where `ws` writes its own
 * frames whole and at once, which it does without promising: `batchWriter` tries it on the version at hand.
 */
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Batch } from '../stream/batch.ts'
import type { Entry, Format } from '../stream/entry.ts'

/** Writes all of a batch. Returns whether more may follow; if not, the socket emits `drain` when it may. */
export type WriteBatch = (ws: WebSocket, socket: Duplex, batch: Batch) => boolean

/** Takes the way on which frames are shared where it is sound with the sockets that `server` makes, else that of `ws`. */
export function batchWriter(server: WebSocketServer): WriteBatch {
  return writesFramesWhole(server) ? writeShared : writeEach
}

const SHARED: Format = { encode: (entry) => textFrame(textOf(entry)) }

/** The bytes of a batch's frames. */
export function framedBytes(batch: Batch): number {
  return batch.bytes(SHARED).length
}

/** Frames that all subscribers share, beneath `ws`. */
export function writeShared(_ws: WebSocket, socket: Duplex, batch: Batch): boolean {
  return socket.write(batch.bytes(SHARED))
}

/** A frame for this socket alone, by the public way of `ws`. */
export function writeEach(ws: WebSocket, socket: Duplex, batch: Batch): boolean {
  for (const entry of batch.entries) ws.send(textOf(entry))
  return !socket.writableNeedDrain
}

function textOf(entry: Entry): string {
  return `{"type":"notification","notification":${entry.json}}`
}

/** Opens a WebSocket over a connection that only looks on, and says whether a frame of ours comes to stand between two of its own. */
function writesFramesWhole(server: WebSocketServer): boolean {
  const written: Buffer[] = []
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk)
      done()
    },
  })
  const handshake = {
    method: 'GET',
    headers: {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    },
  }
  let isSound = false
  // Called before this returns, if at all.
  server.handleUpgrade(handshake as unknown as IncomingMessage, socket, Buffer.alloc(0), (ws) => {
    written.length = 0
    ws.send('before')
    socket.write(textFrame('between'))
    ws.send('after')
    isSound = Buffer.concat(written).equals(Buffer.concat(['before', 'between', 'after'].map(textFrame)))
    ws.terminate()
  })
  socket.destroy()
  return isSound
}

/** An unmasked, final text frame (RFC 6455 §5.2). */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.allocUnsafe(2 + extended + length)
  frame[0] = 0x81
  if (extended === 0) {
    frame[1] = length
  } else if (extended === 2) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, 2 + extended)
  return frame
}
