import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { fileAnswers } from './openapi/file-answers.ts'
import type { Operation } from './openapi/operation.ts'

/** A page, and what it is made of. */
export interface Page {
  readonly title: string
  /** what is served: nothing else in the directory can be asked for */
  readonly files: readonly PageFile[]
  /** what the page may load from other places than this service (CSP, level 3) */
  readonly policy: readonly string[]
}

/** One file of a page. */
interface PageFile {
  readonly path: string
  readonly file: string
  /** media type */
  readonly type: string
}

/** The console (contract §7). */
export const CONSOLE: Page = {
  title: 'the console',
  files: [
    { path: '/', file: 'index.html', type: 'text/html' },
    { path: '/console.css', file: 'console.css', type: 'text/css' },
    { path: '/console.js', file: 'console.js', type: 'application/javascript' },
    { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
  ],
  policy: [],
}

/** `/openapi.json` to be read, and tried out. */
export const DOCS: Page = {
  title: 'the page of this document',
  files: [
    { path: '/docs', file: 'index.html', type: 'text/html' },
    { path: '/docs/docs.css', file: 'docs.css', type: 'text/css' },
    { path: '/docs/docs.js', file: 'docs.js', type: 'application/javascript' },
    { path: '/docs/swagger-ui.css', file: 'swagger-ui.css', type: 'text/css' },
    { path: '/docs/swagger-ui-bundle.js', file: 'swagger-ui-bundle.js', type: 'application/javascript' },
  ],
  // Swagger UI has its icons within its style sheet.
  policy: ["img-src 'self' data:"],
}

/** What the routes need. */
export interface PageOptions {
  readonly page: Page
  /** where the build has put the files */
  readonly directory: URL
}

// The page runs what this service serves, and no text that someone has published can become a script in it.
const POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
]

const HEADERS = {
  // No page of another origin gets hold of this one's window, or of its files.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  // Kept, and asked about each time (RFC 9111 §5.2.2.4): a page and its script are always of one version.
  'cache-control': 'no-cache',
}

/** Fastify plugin: a page at its paths. Without a build there are no such routes. */
export function pageRoutes(app: FastifyInstance, { page, directory }: PageOptions, done: () => void): void {
  const built = page.files.filter(({ file }) => existsSync(new URL(file, directory)))
  const headers = { ...HEADERS, 'content-security-policy': [...POLICY, ...page.policy].join('; ') }
  // The plugin would complain of a directory that isn't there.
  if (built.length > 0)
    app.register(fastifyStatic, {
      root: fileURLToPath(directory),
      serve: false,
      cacheControl: false,
      preCompressed: true,
    })
  for (const entry of built) {
    app.get(entry.path, { config: { operation: operationOf(page, entry) } }, (_request, reply) =>
      reply.headers(headers).sendFile(entry.file),
    )
  }
  done()
}

function operationOf({ title }: Page, { path, type }: PageFile): Operation {
  return {
    id: `page${path.replaceAll(/\W+/g, '-')}`,
    tag: 'Pages',
    summary: `${type === 'text/html' ? 'Shows' : 'Belongs to'} ${title}`,
    access: 'everyone',
    answers: fileAnswers(type),
  }
}
