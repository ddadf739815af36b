import { isIP } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'

/**
 * The address that limits count a client by; of IPv6 its network. What a proxy that is trusted passes on as the client's may be
 * anything the client has written (RFC 7239 §8.1): where it is no address, the connection's own counts. A connection
 * that has been reset has none for a while before it says that it is over: all those count as one.
 */
export function addressOf({ ip, socket }: FastifyRequest): string {
  return normalizeIP(isIP(ip) === 0 ? String(socket.remoteAddress) : ip)
}
