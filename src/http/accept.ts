import type { IncomingHttpHeaders } from 'node:http'

/** Says whether `Accept` names `text/event-stream` itself: a wildcard asks for nothing in particular. */
export function acceptsEvents({ accept = '' }: IncomingHttpHeaders): boolean {
  const ranges = accept.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase())
  return ranges.includes('text/event-stream')
}
