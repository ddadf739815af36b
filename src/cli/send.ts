import { v7 } from 'uuid'
import type { PublishAnswer } from '../protocol/publish.ts'
import { persist } from '../publisher/retry.ts'
import { ask } from './request.ts'
import type { Service } from './service.ts'

/** How a body is sent. */
export interface Sending {
  /** its media type */
  readonly type: 'application/json' | 'application/x-ndjson'
  /** how long to try, in milliseconds */
  readonly patience: number
  readonly signal: AbortSignal
  /** Is told, in words, that it did not go well and is tried again. */
  retrying(words: string): void
}

/**
 * Publishes `body`, and tries again while the service or the network can't. An item without an id gets one by the request's
 * `Idempotency-Key`, the same at every try: what was stored the first time is not stored again.
 * @throws ServiceError
 */
export async function send(
  service: Service,
  body: string | Buffer,
  { type, patience, signal, retrying }: Sending,
): Promise<PublishAnswer['notifications']> {
  const headers = { 'content-type': type, 'idempotency-key': v7() }
  const init = { method: 'POST', headers, body, signal }
  const { notifications } = await persist(() => ask<PublishAnswer>(service, 'v1/notifications', init), {
    deadline: performance.now() + patience,
    signal,
    retrying: ({ message }, wait) => retrying(`${message}; trying again in ${(wait / 1000).toFixed(1)} s`),
  })
  return notifications
}
