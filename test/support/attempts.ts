import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import type { ProblemDocument } from '../../src/http/problem.ts'
import type { TransportKind } from '../../src/protocol/messages.ts'
import type { Target } from './clients/requests.ts'
import { UPGRADE } from './raw-http.ts'

/** A request, with nothing in it that says who makes it. */
export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** How a request was answered: with a stream or a document that nobody looks at, or with a problem. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly problem?: ProblemDocument
}

/** A wish for a stream on `channel`, over each transport. */
export const STREAMS: Readonly<Record<TransportKind, (channel: string) => Ask>> = {
  websocket: (channel) => ({ method: 'GET', path: `/v1/stream?channel=${channel}`, headers: UPGRADE }),
  sse: (channel) => ({
    method: 'GET',
    path: `/v1/stream?channel=${channel}`,
    headers: { accept: 'text/event-stream' },
  }),
  'long-poll': (channel) => ({ method: 'GET', path: `/v1/stream?channel=${channel}`, headers: {} }),
}

/** The name of the cookie that tests have tokens in. */
export const COOKIE = 'session'

/** The places that a credential may be in (contract §6): each puts one into a request. */
export const PLACES = {
  authorization: (ask: Ask, credential: string): Ask =>
    withHeader(ask, 'authorization', `Bearer ${credential}`),
  subprotocol: (ask: Ask, credential: string): Ask =>
    withHeader(ask, 'sec-websocket-protocol', `tidings.v1.json, bearer.${credential}`),
  query: (ask: Ask, credential: string): Ask => ({
    ...ask,
    path: `${ask.path}${ask.path.includes('?') ? '&' : '?'}token=${encodeURIComponent(credential)}`,
  }),
  cookie: (ask: Ask, credential: string): Ask =>
    withHeader(ask, 'cookie', `other=1; ${COOKIE}=${credential}`),
}

/** The name of such a place. */
export type Place = keyof typeof PLACES

/** The places that there are for a request: subprotocols belong to WebSocket. */
export function placesFor({ headers }: Ask): Place[] {
  const places = Object.keys(PLACES) as Place[]
  return headers === UPGRADE ? places : places.filter((place) => place !== 'subprotocol')
}

/** Makes a request on a connection of its own, which it ends once the answer is known. */
export async function attempt({ url }: Target, { method, path, headers, body }: Ask): Promise<Answer> {
  const sent = request(`${url}${path}`, { method, headers, agent: false })
  sent.end(body)
  const answered = [once(sent, 'response'), once(sent, 'upgrade')]
  const [answer, socket] = (await Promise.race(answered)) as [IncomingMessage, Duplex?]
  const isProblem = answer.headers['content-type'] === 'application/problem+json'
  const problem = isProblem ? ((await json(answer)) as ProblemDocument) : undefined
  const connection = socket ?? sent
  connection.destroy()
  return { status: answer.statusCode ?? 0, headers: answer.headers, ...(problem && { problem }) }
}

function withHeader(ask: Ask, name: string, value: string): Ask {
  return { ...ask, headers: { ...ask.headers, [name]: value } }
}
