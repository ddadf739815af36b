import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import Negotiator from 'negotiator'
import { elementsOf } from './list.ts'
import { fileAnswers } from './openapi/file-answers.ts'
import type { Operation } from './openapi/operation.ts'

/** What the route needs. */
export interface ClientFileOptions {
  /** the bundle that the build has made */
  readonly file: URL
}

/** Pages ask again after a minute, and get the file only if it is another. */
const CACHE_CONTROL = 'public, max-age=60, stale-while-revalidate=86400'

const OPERATION: Operation = {
  id: 'client',
  tag: 'Pages',
  summary: 'The SDK as one ES module, for pages of any origin',
  access: 'everyone',
  answers: fileAnswers('text/javascript'),
}

/** Fastify plugin: `GET /client.js`, the SDK as one ES module for pages of any origin. Without a build there is no such route. */
export function clientFileRoute(app: FastifyInstance, { file }: ClientFileOptions, done: () => void): void {
  if (existsSync(file)) serve(app, readFileSync(file))
  done()
}

function serve(app: FastifyInstance, plain: Buffer): void {
  const zipped = gzipSync(plain, { level: 9 })
  const digest = createHash('sha256').update(plain).digest('base64url')

  app.get('/client.js', { config: { operation: OPERATION } }, (request, reply) => {
    const [coding] = new Negotiator(request).encodings(['gzip', 'identity'])
    const takesGzip = coding === 'gzip'
    // Each coding is a representation of its own, and so has a tag of its own (RFC 9110 §8.8.3.3).
    const tag = `"${digest}${takesGzip ? '-gzip' : ''}"`
    reply.headers({
      etag: tag,
      'cache-control': CACHE_CONTROL,
      vary: 'accept-encoding',
      'access-control-allow-origin': '*',
    })
    const known = elementsOf(request.headers['if-none-match'] ?? '').map((one) => one.replace(/^W\//, ''))
    if (known.includes(tag) || known.includes('*')) return reply.code(304).send()
    reply.type('text/javascript; charset=utf-8')
    return takesGzip ? reply.header('content-encoding', 'gzip').send(zipped) : reply.send(plain)
  })
}
