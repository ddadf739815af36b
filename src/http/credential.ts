import type { IncomingMessage } from 'node:http'
// Brings `parseCookie` with it.
import type {} from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import { elementsOf } from './list.ts'
import { Problem } from './problem.ts'

/** What a request shows to say who makes it. */
export interface Credential {
  /** a JWT or an API key, as it came; `undefined` when there is none */
  readonly text: string | undefined
  /** it came in a cookie, which a browser sends along whatever page makes the request */
  readonly isCookie: boolean
}

/** Finds the credential of a request. */
export type ReadCredential = (request: FastifyRequest) => Credential

/** For mode `none`: nobody looks at what anyone shows. */
export const readNoCredential: ReadCredential = () => ({ text: undefined, isCookie: false })

/** What precedes the token among the subprotocols that a WebSocket client offers: pages can set no header there. */
const SUBPROTOCOL_PREFIX = 'bearer.'

/**
 * Makes what finds credentials (contract §6): in `Authorization`, the subprotocols of a WebSocket, the query; and only when there is
 * none, in the cookie named `cookie`, where that is not empty (register `@fastify/cookie` for that).
 *
 * It throws Problem `bad-query` for different ones in one request (RFC 6750 §2): a proxy could have judged by another than is used here.
 */
export function credentialReader(cookie: string): ReadCredential {
  return (request) => {
    const shown = [
      ...authorizations(request.raw),
      ...(request.ws ? subprotocols(request.raw) : []),
      ...[(request.query as { token?: string | string[] }).token ?? []].flat(),
    ]
    const [text] = shown
    if (shown.some((other) => other !== text)) {
      throw new Problem('bad-query', 'The request shows different credentials: which of them counts?')
    }
    if (text !== undefined || cookie === '') return { text, isCookie: false }
    const inCookie = request.server.parseCookie(request.headers.cookie ?? '')[cookie]
    return { text: inCookie, isCookie: inCookie !== undefined }
  }
}

/** RFC 6750 §2.1. Of a field that is repeated Node would show the first, and a proxy perhaps the last. */
function authorizations({ headersDistinct }: IncomingMessage): string[] {
  return (headersDistinct['authorization'] ?? []).map((value) => {
    const [, token] = /^Bearer(?: +|$)(.*)$/i.exec(value) ?? []
    if (token === undefined) {
      throw new Problem('unauthenticated', '`Authorization` must be `Bearer`, a space and the token.')
    }
    return token
  })
}

function subprotocols({ headers }: IncomingMessage): string[] {
  return elementsOf(headers['sec-websocket-protocol'] ?? '')
    .filter((protocol) => protocol.startsWith(SUBPROTOCOL_PREFIX))
    .map((protocol) => protocol.slice(SUBPROTOCOL_PREFIX.length))
}
