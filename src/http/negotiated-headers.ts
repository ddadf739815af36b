import type { FastifyReply } from 'fastify'
import type { Format } from '../stream/format.ts'

/** Headers of an answer that is another with another `Accept` (RFC 9110 §12.5.5), with what hooks have set, which would go with `send`. */
export function negotiatedHeaders(reply: FastifyReply): Record<string, string> {
  const headers = reply.getHeaders() as Record<string, string>
  return { ...headers, vary: headers['vary'] === undefined ? 'Accept' : `${headers['vary']}, Accept` }
}

/** The same for a body in `format`. */
export function negotiatedBody(reply: FastifyReply, format: Format): Record<string, string> {
  const { mediaType, frameType } = format
  const contentType = frameType === 'text' ? `${mediaType}; charset=utf-8` : mediaType
  return { ...negotiatedHeaders(reply), 'content-type': contentType }
}
