import type { IncomingHttpHeaders } from 'node:http'
import Negotiator from 'negotiator'
import { FORMATS } from '../format/formats.ts'
import { json } from '../format/json.ts'
import type { Format } from '../stream/format.ts'

const MEDIA_TYPES = FORMATS.map(({ mediaType }) => mediaType)

/** Says whether `Accept` names `text/event-stream` itself: a wildcard asks for nothing in particular. */
export function acceptsEvents({ accept = '' }: IncomingHttpHeaders): boolean {
  return accept.split(',').some(isEventStream)
}

/** Is `range` text/event-stream? With a weight of 0 it says "not acceptable" (RFC 9110 §12.4.2). */
function isEventStream(range: string): boolean {
  const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  return type === 'text/event-stream' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
}

/**
 * The format that `Accept` prefers (RFC 9110 §12.5.1). Where it takes none of them it is JSON, as for who says nothing: a client that
 * can't read an answer is helped no more by `406`, and those that send `text/html` can.
 */
export function acceptedFormat({ accept }: IncomingHttpHeaders): Format {
  if (accept === undefined) return json
  const [preferred] = new Negotiator({ headers: { accept } }).mediaTypes(MEDIA_TYPES)
  return FORMATS.find(({ mediaType }) => mediaType === preferred) ?? json
}
