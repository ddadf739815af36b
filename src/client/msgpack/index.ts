/** `tidings/client/msgpack`: the same as `tidings/client`, with MessagePack over WebSocket and long-poll. Pages with JSON do not load it. */
import type { Options as JsonOptions } from '../options.ts'
import { surroundings } from '../platform.ts'
import { connect as connectJson, type Stream } from '../stream.ts'
import { msgpackFetch } from './fetch.ts'
import { msgpackSocket } from './socket.ts'

export * from '../index.ts'

/** What a stream may be told here. */
export interface Options extends JsonOptions {
  /** what messages are written in; SSE is JSON in any case. Default: msgpack */
  readonly format?: 'msgpack' | 'json'
}

/** Opens a stream as `connect` of `tidings/client` does, with the same guarantees. */
export function connect<Data = unknown>(
  url: string | URL,
  { format = 'msgpack', ...options }: Options = {},
): Stream<Data> {
  if (format === 'json') return connectJson(url, options)
  const { fetch, WebSocket } = { ...surroundings(), ...options }
  return connectJson(url, {
    ...options,
    fetch: msgpackFetch(fetch),
    WebSocket: WebSocket && msgpackSocket(WebSocket),
  })
}
