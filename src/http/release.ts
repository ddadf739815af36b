/**
 * Lets go of what Fastify, ws and Node's HTTP keep of a request for as long as its connection lasts. For a stream that is hours, and
 * together more than the stream itself needs: bench/NOTES.md has the figures.
 *
 * Nothing here is a public interface. Each step looks whether what it takes away is there, and where it is not, in another version,
 * all works as before and costs more.
 */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** Fastify's listener to the end of a response: it holds request and reply, for hooks and log lines that streams don't have. */
const FASTIFY_LISTENER = 'onResFinished'

/** Node looks only whether there is a text: what it made of the head is two dozen small ones strung together. */
const SENT = 'sent'

const NO_HEADERS: string[] = []

/** A request is over and its connection has become a WebSocket: nothing will be answered to it. */
export function releaseUpgrade(ws: WebSocket, socket: Socket, onError: (error: Error) => void): void {
  const { _httpMessage: response } = socket as Socket & { _httpMessage?: ServerResponse | null }
  if (response && 'detachSocket' in ServerResponse.prototype) response.detachSocket(socket)
  // The plugin's holds the request. Without any, an error would end the process.
  ws.on('error', onError)
  for (const listener of ws.listeners('error')) {
    if (listener !== onError) ws.off('error', listener as (error: Error) => void)
  }
}

/**
 * A request has been read, and its response will be written by hand, perhaps for hours. Its headers and URL are gone after that, and
 * those of the response, too, if they have been sent.
 */
export function releaseExchange(request: IncomingMessage, response: ServerResponse): void {
  for (const event of ['finish', 'error'] as const) {
    for (const listener of response.listeners(event)) {
      if (listener.name === FASTIFY_LISTENER) response.off(event, listener as () => void)
    }
  }
  request.headers = {}
  request.rawHeaders = NO_HEADERS
  request.url = ''
  const sent = response as { _header?: unknown; _headerSent?: unknown }
  if (typeof sent._header === 'string' && sent._headerSent === true) sent._header = SENT
}
