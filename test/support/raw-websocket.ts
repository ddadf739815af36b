import { getBytes, openRaw, type RawConnection, UPGRADE } from './raw-http.ts'

/** Opcodes (RFC 6455 §5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** How a frame is to be wrong, or only part of a message. */
export interface FrameOptions {
  /** default: it is the last of its message */
  readonly isFinal?: boolean
  /** RSV1 to RSV3 as one number, 4 is RSV1 */
  readonly reserved?: number
  /** default: it is masked, as a client must */
  readonly isMasked?: boolean
  /** what the frame says its length is, in 64 bits; default: what it is */
  readonly length?: bigint
}

const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78])

/** A client's frame (RFC 6455 §5.2). */
export function frame(opcode: number, payload: string | Buffer = '', options: FrameOptions = {}): Buffer {
  const { isFinal = true, reserved = 0, isMasked = true, length } = options
  const bytes = Buffer.from(payload)
  const size = lengthBytes(bytes.length, length)
  size[0] = (size[0] ?? 0) | (isMasked ? 0x80 : 0)
  const first = Buffer.from([(isFinal ? 0x80 : 0) | (reserved << 4) | opcode])
  if (!isMasked) return Buffer.concat([first, size, bytes])
  return Buffer.concat([first, size, MASK, bytes.map((byte, i) => byte ^ (MASK[i % 4] ?? 0))])
}

function lengthBytes(actual: number, claimed: bigint | undefined): Buffer {
  if (claimed === undefined && actual < 126) return Buffer.from([actual])
  if (claimed === undefined && actual < 65_536) return Buffer.from([126, actual >> 8, actual & 0xff])
  const size = Buffer.alloc(9, 127)
  size.writeBigUInt64BE(claimed ?? BigInt(actual), 1)
  return size
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(code)
  return Buffer.concat([bytes, Buffer.from(reason)])
}

/** A frame from the server. */
export interface ServerFrame {
  readonly opcode: number
  readonly payload: Buffer
}

/** A WebSocket on which a test says exactly what it wants. */
export interface RawWebSocket extends RawConnection {
  /** Takes the next frame, as soon as it is there. */
  next(): Promise<ServerFrame>
  /** Takes the next frame, which must be text, as JSON. */
  message(): Promise<unknown>
  /** Takes the next frame, which must be a close frame, and returns its code; `undefined` when it has none. */
  close(): Promise<number | undefined>
}

/** Opens a WebSocket by hand. */
export async function openRawWebSocket(
  t: { teardown(fn: () => unknown): void },
  port: number,
  path: string,
): Promise<RawWebSocket> {
  const raw = await openRaw(t, port)
  raw.socket.write(getBytes(path, UPGRADE))
  const head = await raw.readThrough('\r\n\r\n')
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head)

  async function next(): Promise<ServerFrame> {
    const [first = 0, second = 0] = await raw.read(2)
    let length = second
    if (second === 126) length = (await raw.read(2)).readUInt16BE()
    else if (second === 127) length = Number((await raw.read(8)).readBigUInt64BE())
    return { opcode: first & 0x0f, payload: await raw.read(length) }
  }

  async function expect(opcode: number): Promise<Buffer> {
    const got = await next()
    if (got.opcode !== opcode) throw new Error(`opcode ${got.opcode}: ${got.payload}`)
    return got.payload
  }

  return {
    ...raw,
    next,
    message: async () => JSON.parse((await expect(OPCODE.text)).toString()),
    async close() {
      const payload = await expect(OPCODE.close)
      return payload.length > 0 ? payload.readUInt16BE() : undefined
    },
  }
}
