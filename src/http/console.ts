import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** What the routes need. */
export interface ConsoleOptions {
  /** where the build has put the files */
  readonly directory: URL
}

/** What is served, and from which file: nothing else in the directory can be asked for. */
const FILES = {
  '/': 'index.html',
  '/console.css': 'console.css',
  '/console.js': 'console.js',
  '/icon.svg': 'icon.svg',
}

const HEADERS = {
  // The page runs what this service serves, and no text that someone has published can become a script in it.
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  // No page of another origin gets hold of this one's window, or of its files.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  // Kept, and asked about each time (RFC 9111 §5.2.2.4): a page and its script are always of one version.
  'cache-control': 'no-cache',
}

/** Fastify plugin: the console at `/` (contract §7). Without a build there are no such routes. */
export function consoleRoutes(app: FastifyInstance, { directory }: ConsoleOptions, done: () => void): void {
  const built = Object.entries(FILES).filter(([, file]) => existsSync(new URL(file, directory)))
  // The plugin would complain of a directory that isn't there.
  if (built.length > 0)
    app.register(fastifyStatic, { root: fileURLToPath(directory), serve: false, cacheControl: false })
  for (const [path, file] of built) {
    app.get(path, (_request, reply) => reply.headers(HEADERS).sendFile(file))
  }
  done()
}
