import { setTimeout } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { PublishAnswer } from '../http/publish.ts'
import { ask, ServiceError } from './request.ts'
import type { Service } from './service.ts'

/** The first wait before another try, in milliseconds; twice as long each time, up to `LONGEST_WAIT_MS`. A service may say otherwise. */
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

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
  const deadline = performance.now() + patience
  for (let backoff = FIRST_WAIT_MS; ; backoff = Math.min(2 * backoff, LONGEST_WAIT_MS)) {
    try {
      const init = { method: 'POST', headers, body, signal }
      return (await ask<PublishAnswer>(service, 'v1/notifications', init)).notifications
    } catch (error) {
      if (!(error instanceof ServiceError && error.isPassing) || signal.aborted) throw error
      // A random part, for others may have been told to wait by the same failure.
      const wait = error.retryAfter ?? backoff * (0.5 + Math.random() / 2)
      if (performance.now() + wait > deadline) throw error
      retrying(`${error.message}; trying again in ${(wait / 1000).toFixed(1)} s`)
      await setTimeout(wait, undefined, { signal })
    }
  }
}
