/**
 * How a batch gets onto a WebSocket. `ws` makes a frame, and a copy of its text, for every socket; notifications are the same for all
 * subscribers, so their frames are made once and written to the socket beneath `ws`. That is sound only where `ws` writes its own
 * frames whole and at once, which it does without promising: `batchWriter` tries it on the version at hand.
 */
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import type { Batch } from '../stream/batch.ts'
import type { Encoder, Entry } from '../stream/entry.ts'
import type { Format, Payload } from '../stream/format.ts'

/** Writes all of a batch. Returns whether more may follow; if not, the socket emits `drain` when it may. */
export type WriteBatch = (ws: WebSocket, socket: Duplex, batch: Batch, framing: Framing) => boolean

/** The frames of notifications in one format: one object for all subscribers that have it. */
export class Framing implements Encoder {
  readonly format: Format

  constructor(format: Format) {
    this.format = format
  }

  encode(entry: Entry): Buffer {
    return frame(this.format.notification(entry))
  }
}

/** Takes the way on which frames are shared where it is sound with the sockets that `server` makes, else that of `ws`. */
export function batchWriter(server: WebSocketServer): WriteBatch {
  return writesFramesWhole(server) ? writeShared : writeEach
}

/** Frames that all subscribers share, beneath `ws`. */
export function writeShared(_ws: WebSocket, socket: Duplex, batch: Batch, framing: Framing): boolean {
  return socket.write(batch.bytes(framing))
}

/** A frame for this socket alone, by the public way of `ws`. */
export function writeEach(ws: WebSocket, socket: Duplex, batch: Batch, { format }: Framing): boolean {
  for (const entry of batch.entries) ws.send(format.notification(entry))
  return !socket.writableNeedDrain
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
    socket.write(frame('between'))
    ws.send('after')
    isSound = Buffer.concat(written).equals(Buffer.concat(['before', 'between', 'after'].map(frame)))
    ws.terminate()
  })
  socket.destroy()
  return isSound
}

/** An unmasked, final frame (RFC 6455 §5.2): a string makes one of text. */
function frame(payload: Payload): Buffer {
  const isText = typeof payload === 'string'
  const length = isText ? Buffer.byteLength(payload) : payload.length
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const bytes = Buffer.allocUnsafe(2 + extended + length)
  bytes[0] = isText ? 0x81 : 0x82
  if (extended === 0) {
    bytes[1] = length
  } else if (extended === 2) {
    bytes[1] = 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 127
    bytes.writeBigUInt64BE(BigInt(length), 2)
  }
  if (isText) bytes.write(payload, 2 + extended)
  else bytes.set(payload, 2 + extended)
  return bytes
}
