import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/**
 * Has the routes of `app` take bodies of these media types as they come, as a Buffer. They are taken apart in the handler: an error in
 * a parser costs the client its connection.
 */
export function takeBodies(app: FastifyInstance, mediaTypes: Iterable<string>): void {
  for (const mediaType of mediaTypes) {
    app.addContentTypeParser(mediaType, { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body))
  }
}

/**
 * Hook for `onRequest`: bodies are UTF-8, and not compressed, for what is small on the wire could grow without bound here. It throws
 * Problem `unsupported-media-type`.
 */
export async function refuseCodings({ headers }: FastifyRequest): Promise<void> {
  const coding = headers['content-encoding'] ?? 'identity'
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8'
  if (!/^identity$/i.test(coding)) throw unsupported(`Content-Encoding \`${coding}\` is not understood.`)
  if (!/^utf-8$/i.test(charset)) throw unsupported(`Charset \`${charset}\` is not understood.`)
}

/** For a body, or none, that the route does not understand. */
export function unsupported(detail: string): Problem {
  return new Problem('unsupported-media-type', detail)
}
