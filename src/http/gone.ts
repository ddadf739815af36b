import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Says whether the client has gone while something about its request was looked up. If so there is nobody to answer, and no `close`
 * will tell; the reply is taken off Fastify's hands.
 */
export function isGone({ raw: { socket } }: FastifyRequest, reply: FastifyReply): boolean {
  if (socket.destroyed) reply.hijack()
  return socket.destroyed
}
