import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LogUnavailable } from '../log/log.ts'
import { Problem, type ProblemCode } from './problem.ts'

/** The errors of Fastify and of Node's HTTP by their status; every other 4xx is a `bad-request`. */
const CODE_OF_STATUS: ReadonlyMap<number, ProblemCode> = new Map([
  [404, 'not-found'],
  [408, 'request-timeout'],
  [413, 'too-large'],
  [415, 'unsupported-media-type'],
  [431, 'headers-too-large'],
])

/** Seconds after which a client may try again when the log could not do it. */
const LOG_RETRY_AFTER = 1

/** Makes every error of the routes of `app`, and every request that no route takes, a problem document (contract §5). */
export function registerErrors(app: FastifyInstance): void {
  // Routes that take a body say how they read it; the parsers that Fastify brings would answer for all the others.
  app.removeAllContentTypeParsers()
  app.setErrorHandler(answerError)
  app.addHook('preValidation', refuseUpgrade)
  app.setNotFoundHandler((request, reply) => answer(reply, unrouted(app, request)))
}

/** Where no WebSocket is wanted, one would be opened and closed all the same, and its URL written down with the token in it. */
async function refuseUpgrade({ ws, is404, routeOptions }: FastifyRequest): Promise<void> {
  if (ws && !is404 && !routeOptions.config.takesUpgrade) {
    throw new Problem('bad-request', `${routeOptions.url} takes no upgrade.`)
  }
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
  if (error instanceof LogUnavailable) {
    return new Problem('log-unavailable', 'The log can not do this now.', { retryAfter: LOG_RETRY_AFTER })
  }
  if (error.statusCode === undefined || error.statusCode >= 500) {
    return new Problem('internal', 'The service failed; the fault is not in the request.')
  }
  const code = CODE_OF_STATUS.get(error.statusCode) ?? 'bad-request'
  return new Problem(code, code === 'too-large' ? bodyTooLarge(request) : `${error.message}.`)
}

function bodyTooLarge(request: FastifyRequest): string {
  return `The body may have ${request.routeOptions.bodyLimit} bytes.`
}

/** No route takes this request: is there one at its path for other methods? */
function unrouted(app: FastifyInstance, { method, url }: FastifyRequest): Problem {
  const [path = ''] = url.split('?', 1)
  const allow = app.supportedMethods.filter((other) => app.findRoute({ method: other, url: path }) !== null)
  return allow.length > 0
    ? new Problem('method-not-allowed', `${method} is not for ${path}.`, { allow })
    : new Problem('not-found', `There is no ${path}.`)
}
