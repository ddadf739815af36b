import { Failure } from '../publisher/failure.ts'
import { reasonOf, refusalOf } from '../publisher/refusal.ts'
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
  if (!response.ok) throw await errorOf(response)
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

async function errorOf(response: Response): Promise<ServiceError> {
  const { status } = response
  const { code, detail, ...refusal } = await refusalOf(response)
  const words = detail ?? 'the answer is not one of the service: is the address right?'
  const hint = HINTS[status]
  return new ServiceError(`${status}${code ? ` ${code}` : ''}: ${words}${hint ? ` (${hint})` : ''}`, refusal)
}
