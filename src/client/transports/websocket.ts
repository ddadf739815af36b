import type { LossCause } from '../machine/state.ts'
import type { Platform, Socket, SocketConstructor } from '../platform.ts'
import type { ClientFrame, Link, LinkEvents, LinkRequest, StreamMessage } from './link.ts'
import { streamUrl } from './request.ts'

/** Close codes of a server or a proxy in front of it that goes away in good order (RFC 6455 §7.4.1). */
const PLANNED = [1001, 1012, 1013]

/** `WebSocket.OPEN` */
const OPEN = 1

/** Opens a stream over WebSocket. The token goes as a subprotocol, for browsers let pages set no header (contract §6). */
export function openWebSocket(request: LinkRequest, { message, lost }: LinkEvents, platform: Platform): Link {
  const url = streamUrl(request, 'transport=websocket')
  url.protocol = url.protocol.replace('http', 'ws')
  const token = request.token()
  const protocols = ['tidings.v1.json', ...(token === undefined ? [] : [`bearer.${token}`])]
  const WebSocket = platform.WebSocket as SocketConstructor
  const socket = new WebSocket(url.href, protocols) as Socket
  let stopPinging = (): void => {}

  const send = (frame: ClientFrame): void => {
    if (socket.readyState === OPEN) socket.send(JSON.stringify(frame))
  }
  const close = (): void => {
    stopPinging()
    socket.close()
  }
  const end = (cause: LossCause): void => {
    close()
    lost({ cause })
  }
  /** Keeps a way open that cuts what is silent. */
  const ping = (): void => {
    send({ type: 'ping' })
    if (request.quiet !== undefined) stopPinging = platform.after(request.quiet, ping)
  }
  ping()

  socket.onmessage = ({ data }) => {
    try {
      // The socket of another format hands over messages that it has read.
      const read = data as StreamMessage
      message(read.type ? read : JSON.parse(`${data}`))
    } catch {
      end('failed')
    }
  }
  socket.onclose = ({ code }) => end(causeOf(code))
  // `close` follows. Node's `ws` throws what nobody listens to.
  socket.onerror = () => {}
  return { send, close }
}

/** What a close code says: 44xx mirror the HTTP statuses (PROTOCOL P-71). */
function causeOf(code: number): LossCause {
  if (code === 4401) return 'unauthorized'
  if (code === 4429) return 'busy'
  if (code >= 4500 || PLANNED.includes(code)) return 'planned'
  return code >= 4400 && code !== 4408 ? 'refused' : 'failed'
}
