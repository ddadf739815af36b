import type { PublishAnswer } from '../protocol/publish.ts'
import { call, type Target } from './call.ts'
import { PublishError } from './error.ts'

/**
 * Publishes lines of JSON, each an item with one channel, in one request.
 * @returns what became of each
 * @throws PublishError
 */
export async function post(
  { url, token }: Target,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<PublishAnswer['notifications']> {
  const headers = { 'content-type': 'application/x-ndjson' }
  const response = await call(token, url, { method: 'POST', headers, body: lines.join('\n'), signal })
  const answer = (await response.json().catch(() => undefined)) as Partial<PublishAnswer> | undefined
  if (answer?.notifications?.length === lines.length) return answer.notifications
  throw new PublishError('bad-answer', `The answer of ${url.origin} is not whole, or not one of the service.`)
}
