/**
 * What a client may say of how it came to its transport (PROTOCOL P-150): a better one and what became of it. `silent`: it had not
 * said `ready` in time; `failed`: it ended before.
 */
export const FALLBACKS = ['websocket.silent', 'websocket.failed', 'sse.silent', 'sse.failed'] as const

/** One better transport that was not to be had. */
export type Fallback = (typeof FALLBACKS)[number]

/** Of so many entries a `via` may consist; what comes after them is not looked at. */
const MOST = 8

/** Reads the query parameter `via`: entries joined by commas. What is not known, or there again, counts for nothing. */
export function parseVia(via: string): Fallback[] {
  const entries = via.split(',', MOST)
  return FALLBACKS.filter((fallback) => entries.includes(fallback))
}
