import type { Platform } from '../platform.ts'
import type { Link, LinkEvents, LinkRequest, Loss } from './link.ts'

/** How long to stay away from a service that is full and does not say how long, in milliseconds. */
const BUSY_MS = 5_000

/** The stream's address with `query`, the channels and where to start (PROTOCOL P-21). */
export function streamUrl({ base, channels, cursor, via }: LinkRequest, query: string): URL {
  const url = new URL(`v1/stream?${query}`, base)
  for (const channel of channels()) url.searchParams.append('channel', channel)
  if (cursor !== undefined) url.searchParams.set('cursor', cursor)
  if (via) url.searchParams.set('via', via)
  return url
}

/** Sends a request for the stream. Without a token, a page of another origin needs no preflight for it. */
export function get(
  { fetch }: Platform,
  request: LinkRequest,
  query: string,
  accept: string,
  signal: () => AbortSignal,
): Promise<Response> {
  const token = request.token()
  const headers = { accept, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  return fetch(streamUrl(request, query), { headers, signal: signal() })
}

/** Says whether `response` is of media type `type`: a proxy may have put a page of its own in its place. */
export function isOf({ headers }: Response, type: string): boolean {
  return !!headers.get('content-type')?.startsWith(type)
}

/**
 * Says what an answer means that is no stream. 401, 429, and 503 with `Retry-After`, mean the same whoever says them; for the rest only
 * a problem document (RFC 9457) is the service's own word, and all else is the network's doing.
 */
export async function lossOf(response: Response, { now }: Platform): Promise<Loss> {
  const { status, headers } = response
  if (status === 401) return { cause: 'unauthorized' }
  // Seconds, or a date (RFC 9110 §10.2.3).
  const after = `${headers.get('retry-after')}`
  const retryAfter = Math.max(0, +after * 1000 || Date.parse(after) - now())
  if (status === 429 || (status === 503 && retryAfter))
    return { cause: 'busy', retryAfter: retryAfter || BUSY_MS }
  if (status >= 500 || !isOf(response, 'application/problem+json')) return { cause: 'failed' }
  const { code, detail } = (await response.json()) as { code: string; detail: string }
  return { cause: 'refused', code, message: detail }
}

/**
 * A link that is as long as `read` runs; what it returns, or that it throws, is how it ended.
 *
 * @param read takes a new signal for each request: in Node, what listens to a signal stays until it is collected
 */
export function linkOf({ lost }: LinkEvents, read: (signal: () => AbortSignal) => Promise<Loss>): Link {
  let abort = new AbortController()
  const signal = (): AbortSignal => {
    if (!abort.signal.aborted) abort = new AbortController()
    return abort.signal
  }
  read(signal).then(lost, () => lost({ cause: 'failed' }))
  return { close: () => abort.abort() }
}
