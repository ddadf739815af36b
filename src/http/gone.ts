import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Says whether the client has gone while something about its request was looked up. If so there is nobody to answer, and no `close`
 * will tell; the reply is taken off Fastify's hands.
 */
export function isGone({ raw: { socket } }: FastifyRequest, reply: FastifyReply): boolean {
  // After a reset a socket has no address for a while before it says that it is over.
  const gone = socket.destroyed || socket.remoteAddress === undefined
  if (gone) {
    reply.hijack()
    socket.destroy()
  }
  return gone
}
