import type { IncomingHttpHeaders } from 'node:http'

/** Says whether `Accept` names `text/event-stream` itself: a wildcard asks for nothing in particular. */
export function acceptsEvents({ accept = '' }: IncomingHttpHeaders): boolean {
  return accept.split(',').some(isEventStream)
}

/** Is `range` text/event-stream? With a weight of 0 it says "not acceptable" (RFC 9110 §12.4.2). */
function isEventStream(range: string): boolean {
  const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  return type === 'text/event-stream' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
}
