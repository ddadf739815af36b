import { knownCode, PublishError } from './error.ts'
import { reasonOf, refusalOf } from './refusal.ts'

/** A service, and who publishes there. */
export interface Target {
  /** of its publishes */
  readonly url: URL
  /** a token or API key, or what says it: asked before each request */
  readonly token: string | (() => string | Promise<string>) | undefined
}

/** How long an answer may take, in milliseconds, within the time that is left; what comes to its turn late has the least. */
const ANSWER_MS = 10_000
const LEAST_ANSWER_MS = 1000

/** Ends a request that is not answered in time. @param deadline of all tries, by `performance.now()` */
export function answerTimeout(deadline: number): AbortSignal {
  const left = Math.ceil(deadline - performance.now())
  return AbortSignal.timeout(Math.max(LEAST_ANSWER_MS, Math.min(ANSWER_MS, left)))
}

/**
 * Asks the service for something. Node keeps the connection for the next request.
 * @returns its answer, which is a success
 * @throws PublishError
 */
export async function call(
  token: Target['token'],
  url: URL,
  { headers = {}, ...init }: RequestInit & { readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const credential = typeof token === 'function' ? await token() : token
  const response = await fetch(url, {
    ...init,
    headers: { ...headers, ...(credential !== undefined && { authorization: bearer(credential) }) },
    // Whoever a redirect leads to must not be shown the token.
    redirect: 'manual',
  }).catch((error: Error) => {
    throw new PublishError('unreachable', `${url.origin} can't be reached: ${reasonOf(error)}.`)
  })
  if (!response.ok) throw await errorOf(response)
  return response
}

/** `fetch` shows a header that it can't send. */
function bearer(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`
  throw new TypeError('The token must be printable ASCII without white space')
}

async function errorOf(response: Response): Promise<PublishError> {
  const { code: said, detail = 'it is not an answer of the service.', ...refusal } = await refusalOf(response)
  const code = knownCode(said) ?? 'bad-answer'
  return new PublishError(code, `${response.status} ${code}: ${detail}`, refusal)
}
