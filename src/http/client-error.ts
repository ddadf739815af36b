import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionError, FastifyHttpOptions, FastifyInstance } from 'fastify'
import { responseUnderWay } from './connections.ts'
import { answerError } from './errors.ts'
import { Problem, type ProblemCode } from './problem.ts'

/** What Node's parser and its timers report; every other code is a `bad-request`. */
const CODE_OF_ERROR: ReadonlyMap<string, ProblemCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'headers-too-large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'request-timeout'],
])

/** Fastify's options for the errors that arise before there is a request to route: for `Fastify({ ...errorOptions })`. */
export const errorOptions = {
  clientErrorHandler,
  frameworkErrors: answerError,
  // Fastify's own answer while it closes is no problem document. Requests on open connections are answered as ever, with
  // `Connection: close`.
  return503OnClosing: false,
  // Node's answer to a request without Host has no body; ours is in `registerHosts`.
  http: { requireHostHeader: false },
} satisfies FastifyHttpOptions<Server>

/** Makes problem documents of what Node would refuse by itself without a word, or with the status alone. */
export function registerClientErrors(app: FastifyInstance): void {
  app.server.on('checkExpectation', refuseExpectation)
  app.server.on('connect', refuseConnect)
}

/** RFC 9110 §10.1.1 */
function refuseExpectation({ headers }: IncomingMessage, response: ServerResponse): void {
  const problem = new Problem('expectation-failed', `Expect \`${headers.expect}\` can not be met.`)
  response.statusCode = problem.status
  response.setHeaders(new Map(Object.entries(problem.headers()))).end(JSON.stringify(problem.document()))
}

/** RFC 9110 §9.3.6: this is no proxy. */
function refuseConnect(_request: IncomingMessage, socket: Duplex): void {
  destroyOnError(socket)
  refuse(socket, new Problem('method-not-allowed', 'CONNECT is for proxies.', { allow: [] }))
}

/** Node could not make a request of what came in on `socket`: says so with a problem document, and closes. */
function clientErrorHandler(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET') socket.destroy()
  else refuse(socket, new Problem(CODE_OF_ERROR.get(error.code) ?? 'bad-request', `${error.message}.`))
}

/**
 * Refuses an upgrade that came in behind a request which is not answered yet. Node hands over the socket all the same, and no longer
 * looks after it: the connection would never end, and so the server neither.
 * @returns whether it was so
 */
export function refusePipelinedUpgrade(socket: Duplex): boolean {
  if (!responseUnderWay(socket)) return false
  destroyOnError(socket)
  refuse(socket, new Problem('pipelined-stream', 'The request before it was not answered yet.'))
  return true
}

/** Node has taken its own listeners off a socket that it gives up, and an error that no one hears ends the process. */
function destroyOnError(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
}

/**
 * Says `problem` on a connection that is of no more use, and closes it.
 *
 * A response under way is never cut into. One whose request had come in whole (this was pipelined behind it) is waited for: its
 * client must learn that its publish was stored. One that has begun to stream leaves no place for another answer.
 */
function refuse(socket: Duplex, problem: Problem): void {
  const response = responseUnderWay(socket)
  if (response?.req.complete && !response.headersSent) {
    // What follows a malformed request has no meaning, and would be reported here again.
    socket.pause()
    response.once('finish', () => refuse(socket, problem))
  } else if (response?.headersSent || !socket.writable) {
    socket.destroy()
  } else {
    socket.end(rawAnswer(problem), () => socket.destroy())
  }
}

function rawAnswer(problem: Problem): string {
  const body = JSON.stringify(problem.document())
  const headers = { ...problem.headers(), 'content-length': Buffer.byteLength(body), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`
}
