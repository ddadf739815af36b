import type { Socket } from 'node:net'

/** Node's HTTP takes what comes in on a connection by a listener of this name, and keeps its parser in this member (Node 20 to 24). */
const NODE_LISTENER = 'bound socketOnData'
type HttpSocket = Socket & { readonly parser?: object | null }

/**
 * Has `take` called with what comes in on a connection of Node's HTTP server, in its place. For that Node has to let go of the native
 * handle, which it does for whoever listens to `data`.
 *
 * @returns hands bytes to Node's HTTP, to be called from within `take`; `undefined` where Node is not as it is known here, and then
 * nothing has changed
 */
export function takeChunks(
  socket: Socket,
  take: (chunk: Buffer) => void,
): ((bytes: Buffer) => void) | undefined {
  const { parser } = socket as HttpSocket
  const [node, ...others] = socket.listeners('data')
  if (!parser || node?.name !== NODE_LISTENER || others.length > 0) return undefined
  socket.off('data', node as (chunk: Buffer) => void)
  socket.on('data', take)
  return (bytes) => {
    node(bytes)
    // By an upgrade, or an error, the connection is HTTP's no more; what comes next is for whoever it was given to.
    if ((socket as HttpSocket).parser !== parser) socket.off('data', take)
  }
}
