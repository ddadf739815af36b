import fastifyCors from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

/** How long browsers may keep the answer to a preflight, in seconds; Chromium keeps none for longer. */
const PREFLIGHT_MAX_AGE = 7200

/** Headers that pages of other origins may send, beside those for which browsers ask nobody. */
export const SENT_BY_PAGES: readonly string[] = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'traceparent',
]

/** Headers of answers that pages of other origins may read, beside those that browsers show to all. */
export const READ_BY_PAGES: readonly string[] = ['Retry-After', 'WWW-Authenticate']

/**
 * Says whether a page of `origin` may have what it asks for, where browsers would not ask before: a WebSocket, or anything with a
 * cookie. Its own service's page may, at the same host and port, and those of the list.
 *
 * The scheme is not compared: whether clients speak TLS to whatever is before this service is not to be seen from here.
 *
 * @param origin header `Origin`; none says that it is no page
 * @param host host and port as the client wrote them
 * @param allowed origins, or `*` for every one
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true
  // `null` is what many have in common: sandboxed frames, files, redirects.
  if (!URL.canParse(origin)) return false
  const { protocol, host: itsHost } = new URL(origin)
  // Proxies may write the default port out.
  const own = `${protocol}//${host}`
  return itsHost !== '' && URL.canParse(own) && new URL(own).host === itsHost
}

/**
 * Lets the pages of `allowed` origins use the service: tells browsers so (CORS; Fetch §3.2), and refuses all others a
 * WebSocket, for which browsers do not ask, and whatever a cookie speaks for. Register `@fastify/websocket` first.
 */
export function registerOrigins(app: FastifyInstance, allowed: readonly string[]): void {
  const isForAll = allowed.includes('*')
  if (allowed.length > 0) {
    app.register(fastifyCors, {
      // Others are told nothing, not even what pages of the list may send.
      origin: isForAll ? '*' : (origin, tell) => tell(null, allowed.find((one) => one === origin) ?? false),
      // Cookies go to those only who are named.
      credentials: !isForAll,
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      allowedHeaders: [...SENT_BY_PAGES],
      exposedHeaders: [...READ_BY_PAGES],
      maxAge: PREFLIGHT_MAX_AGE,
      // Its own refusal would be no problem document.
      strictPreflight: false,
    })
  }
  const named = allowed.filter((origin) => origin !== '*')
  app.addHook('preValidation', async ({ ws, isByCookie, headers, host }: FastifyRequest) => {
    if ((ws || isByCookie) && !isOriginAllowed(headers.origin, host, isByCookie ? named : allowed)) {
      throw new Problem('origin-refused', `The page's origin is not on the list, and not that of ${host}.`)
    }
  })
}
