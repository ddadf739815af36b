import type { Format } from '../stream/format.ts'
import { json } from './json.ts'
import { msgpack } from './msgpack.ts'
import { protobuf } from './protobuf.ts'

/** The formats of the stream, the default first. */
export const FORMATS: readonly Format[] = [json, msgpack, protobuf]

/** The format that a WebSocket client asks for: that of the first subprotocol offered that is one of ours (RFC 6455 §4.2.2). */
export function offeredFormat(subprotocols: Iterable<string>): Format | undefined {
  for (const offered of subprotocols) {
    const format = FORMATS.find(({ subprotocol }) => subprotocol === offered)
    if (format) return format
  }
  return undefined
}
