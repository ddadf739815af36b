import type { ProblemDetail } from '../protocol/problem.ts'
import type { PublishAnswer } from '../protocol/publish.ts'
import { knownCode, PublishError } from './error.ts'
import { retryAfterOf } from './retry.ts'

/** A service, and who publishes there. */
export interface Target {
  /** of its publishes */
  readonly url: URL
  /** a token or API key, or what says it: asked before each request */
  readonly token: string | (() => string | Promise<string>) | undefined
}

/** What a problem document may have; whoever answers need not be the service. */
interface ProblemLike {
  readonly code?: unknown
  readonly detail?: string
  readonly errors?: readonly ProblemDetail[]
}

/**
 * Publishes lines of JSON, each an item with one channel, in one request. Node keeps the connection for the next one.
 * @returns what became of each
 * @throws PublishError
 */
export async function post(
  { url, token }: Target,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<PublishAnswer['notifications']> {
  const credential = typeof token === 'function' ? await token() : token
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      ...(credential !== undefined && { authorization: bearer(credential) }),
    },
    body: lines.join('\n'),
    // Whoever a redirect leads to must not be shown the token.
    redirect: 'manual',
    signal,
  }).catch((error: Error) => {
    throw new PublishError('unreachable', `${url.origin} can't be reached: ${reasonOf(error)}.`)
  })
  if (!response.ok) throw await refusalOf(response)
  const answer = (await response.json().catch(() => undefined)) as Partial<PublishAnswer> | undefined
  if (answer?.notifications?.length === lines.length) return answer.notifications
  throw new PublishError('bad-answer', `The answer of ${url.origin} is not whole, or not one of the service.`)
}

/** `fetch` shows a header that it can't send. */
function bearer(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`
  throw new TypeError('The token must be printable ASCII without white space')
}

/** `fetch` says no more than that it failed: what did is the cause. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code')) : message
}

async function refusalOf(response: Response): Promise<PublishError> {
  const { status } = response
  const problem = (await response.json().catch(() => null)) as ProblemLike | null
  const code = knownCode(problem?.code) ?? 'bad-answer'
  return new PublishError(
    code,
    `${status} ${code}: ${problem?.detail ?? 'it is not an answer of the service.'}`,
    {
      status,
      retryAfter: retryAfterOf(response),
      details: problem?.errors ?? [],
    },
  )
}
