import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LogUnavailable } from '../log/log.ts'
import type { Clock } from '../stream/clock.ts'
import { Problem, type ProblemCode } from './problem.ts'

/** The errors of Fastify and of Node's HTTP by their status; every other 4xx is a `bad-request`. */
const CODE_OF_STATUS: ReadonlyMap<number, ProblemCode> = new Map([
  [404, 'not-found'],
  [408, 'request-timeout'],
  [413, 'too-large'],
  [415, 'unsupported-media-type'],
  [431, 'headers-too-large'],
])

/** With the seconds after which a client may try again. */
const LOG_UNAVAILABLE = new Problem('log-unavailable', 'The log can not do this now.', { retryAfter: 1 })

/** Between two lines about the log, in milliseconds: while it can do nothing, every request would write one. */
const WARNING_INTERVAL = 1000

/** Makes every error of the routes of `app`, and every request that no route takes, a problem document (contract §5). */
export function registerErrors(app: FastifyInstance, clock: Clock): void {
  // Routes that take a body say how they read it; the parsers that Fastify brings would answer for all the others.
  app.removeAllContentTypeParsers()
  const warn = warner(clock)
  app.setErrorHandler((error: FastifyError | LogUnavailable, request, reply) => {
    if (!(error instanceof LogUnavailable)) return answerError(error, request, reply)
    warn(request, error)
    return answer(reply, LOG_UNAVAILABLE)
  })
  app.addHook('onRequest', forbidSniffing)
  app.addHook('preValidation', refuseUpgrade)
  const matched = routeMatcher(app)
  app.setNotFoundHandler((request, reply) => answer(reply, unrouted(app, request, matched)))
}

/** Makes what tells the route of a path, whatever its methods, from the routes that are registered from here on. */
function routeMatcher(app: FastifyInstance): (path: string) => string {
  const withParameters = new Map<string, RegExp>()
  app.addHook('onRoute', ({ url }) => {
    if (url.includes('/:')) withParameters.set(url, new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`))
  })
  return (path) => [...withParameters].find(([, pattern]) => pattern.test(path))?.[0] ?? path
}

/** Tells the operator why the log could not do it, at most once in a WARNING_INTERVAL; what comes in between is left out. */
function warner(clock: Clock): (request: FastifyRequest, error: LogUnavailable) => void {
  let next = Number.NEGATIVE_INFINITY
  return ({ log }, { message }) => {
    if (clock.now() < next) return
    next = clock.now() + WARNING_INTERVAL
    // Where it was thrown says nothing: the reason lies outside.
    log.warn(message)
  }
}

/** Where no WebSocket is wanted, one would be opened and closed all the same, and its URL written down with the token in it. */
async function refuseUpgrade({ ws, is404, routeOptions }: FastifyRequest): Promise<void> {
  if (ws && !is404 && !routeOptions.config.takesUpgrade) {
    throw new Problem('bad-request', `${routeOptions.url} takes no upgrade.`)
  }
}

/** What someone has published must not become a script or a page because it looks like one (Fetch §3.5). */
function forbidSniffing(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('x-content-type-options', 'nosniff')
  done()
}

/** Answers `error`, whatever it is, with a problem document. What the request or a route asked for is not logged as an error. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request)
  if (problem.status >= 500 && problem !== error) request.log.error({ err: error }, problem.message)
  else request.log.debug({ code: problem.code }, 'request refused')
  return answer(reply, problem)
}

function answer(reply: FastifyReply, problem: Problem): FastifyReply {
  // As bytes, for Fastify adds a charset to the media type of text, and this type has no such parameter (RFC 8259 §11).
  const body = Buffer.from(JSON.stringify(problem.document()))
  return reply.code(problem.status).headers(problem.headers()).send(body)
}

function toProblem(error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error.statusCode === undefined || error.statusCode >= 500) {
    return new Problem('internal', 'The service failed; the fault is not in the request.')
  }
  // Its own message has the URL in it, with the token.
  if (error.code === 'FST_ERR_BAD_URL') return new Problem('bad-request', 'The path is not well-formed.')
  const code = CODE_OF_STATUS.get(error.statusCode) ?? 'bad-request'
  return new Problem(code, code === 'too-large' ? bodyTooLarge(request) : `${error.message}.`)
}

function bodyTooLarge(request: FastifyRequest): string {
  return `The body may have ${request.routeOptions.bodyLimit} bytes.`
}

/** No route takes this request: is there one at its path for other methods? */
function unrouted(
  app: FastifyInstance,
  { method, url }: FastifyRequest,
  matched: (path: string) => string,
): Problem {
  const [path = ''] = url.split('?', 1)
  // Preflights are answered at every path, whether there is a route or not.
  const methods = app.supportedMethods.filter((other) => other !== 'OPTIONS')
  const route = matched(path)
  const allow = methods.filter((other) => app.findRoute({ method: other, url: route }) !== null)
  return allow.length > 0
    ? new Problem('method-not-allowed', `${method} is not for ${path}.`, { allow })
    : new Problem('not-found', `There is no ${path}.`)
}
