import type { ProblemDocument } from '../http/problem.ts'
import { Failure } from '../publisher/failure.ts'
import { retryAfterOf } from '../publisher/retry.ts'
import type { Service } from './service.ts'

/** How long the service may take for an answer that is not a stream, in milliseconds. */
const ANSWER_MS = 30_000

/** What to do about a status, where the service's words are about a token that the user may not think of. */
const HINTS: Readonly<Record<number, string>> = {
  401: 'give a token by --token-file or TIDINGSCLI_TOKEN',
  403: 'the token was taken, but does not allow this',
}

/** The service could not be reached, or would not do it. */
export class ServiceError extends Failure {
  override readonly name = 'ServiceError'
}

/**
 * Sends a request with the service's token.
 * @param path relative to the service's address
 * @throws ServiceError unless it is answered with 2xx
 */
export async function request(
  { url, token }: Service,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (token) headers.set('authorization', `Bearer ${token()}`)
  const response = await fetch(new URL(path, url), { ...init, headers }).catch((error: Error) => {
    throw new ServiceError(`${url} can't be reached: ${reasonOf(error)}`)
  })
  if (!response.ok) throw await refusalOf(response)
  return response
}

/**
 * Sends a request, and reads the whole of its answer, which is JSON.
 * @throws ServiceError unless it is answered with 2xx, in time
 */
export async function ask<Answer>(service: Service, path: string, init: RequestInit = {}): Promise<Answer> {
  const timeout = AbortSignal.timeout(ANSWER_MS)
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout
  const response = await request(service, path, { ...init, signal })
  return response.json().catch((error: Error) => {
    throw new ServiceError(`The answer of ${service.url} is not whole: ${reasonOf(error)}`)
  }) as Promise<Answer>
}

/** `fetch` says no more than that it failed: what did is the cause. */
function reasonOf({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message
  return cause.message || (cause as NodeJS.ErrnoException).code || message
}

async function refusalOf(response: Response): Promise<ServiceError> {
  const { status } = response
  const text = await response.text().catch(() => '')
  const { detail, code, errors = [] } = problemOf(text)
  const hint = HINTS[status]
  const words = detail ?? 'the answer is not one of the service: is the address right?'
  return new ServiceError(`${status}${code ? ` ${code}` : ''}: ${words}${hint ? ` (${hint})` : ''}`, {
    status,
    retryAfter: retryAfterOf(response),
    details: errors,
  })
}

/** A proxy on the way may have answered in the service's place, with a page. */
function problemOf(text: string): Partial<ProblemDocument> {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
