import type { IncomingHttpHeaders } from 'node:http'
import { FORMATS, offeredFormat } from '../format/formats.ts'
import { json } from '../format/json.ts'
import type { ProblemDetail } from '../protocol/problem.ts'
import type { Format } from '../stream/format.ts'
import { elementsOf } from './list.ts'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** What the opening handshake must have (RFC 6455 §4.1). */
const REQUIRED = [
  ['sec-websocket-version', /^13$/, 'must be 13'],
  ['sec-websocket-key', /^[+/0-9A-Za-z]{22}==$/, 'must be 16 bytes in base64'],
] as const

/** The subprotocols, one of which must be among those offered. */
const OURS = FORMATS.map(({ subprotocol }) => subprotocol).join(' or ')

/**
 * Looks for what is wrong with the headers of a WebSocket's opening handshake, so that it is refused with a problem document: `ws`,
 * which checks them again, answers with a line of text.
 */
export function faultOfHandshake(headers: IncomingHttpHeaders): ProblemDetail | undefined {
  const wrong = REQUIRED.find(([name, pattern]) => !pattern.test(String(headers[name])))
  if (wrong) return { pointer: `/${wrong[0]}`, detail: wrong[2] }
  const offered = headers['sec-websocket-protocol']
  if (offered === undefined) return undefined
  const protocols = elementsOf(offered)
  const pointer = '/sec-websocket-protocol'
  if (new Set(protocols).size !== protocols.length || !protocols.every((protocol) => TOKEN.test(protocol))) {
    return { pointer, detail: 'must be a list of different tokens' }
  }
  if (!offeredFormat(protocols)) return { pointer, detail: `must offer ${OURS}` }
  return undefined
}

/** The format that a faultless handshake asks for: JSON where it offers no subprotocol. */
export function handshakeFormat({ 'sec-websocket-protocol': offered = '' }: IncomingHttpHeaders): Format {
  return offeredFormat(elementsOf(offered)) ?? json
}
