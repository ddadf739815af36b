import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Settings } from './config/settings.ts'
import { errorOptions } from './http/client-error.ts'
import { MAX_CHANNEL_LENGTH } from './protocol/channel.ts'

/** Room for 100 channels of 255 characters in the query, and a token. */
const MAX_HEADER_BYTES = 64 * 1024

/** How late it may be noticed that a request has not arrived in time, in milliseconds; no later than it was given at all. */
const MAX_LATENESS_MS = 5_000

/** The HTTP server without any route: what it bears, and how long it waits for a request. */
export function createServer(settings: Settings, logger: FastifyBaseLogger | undefined): FastifyInstance {
  const requestTimeout = settings.requestTimeoutSeconds * 1000
  return Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    ...errorOptions,
    // A line a request would be most of the work of a long-poll, and would show its URL with the token in it.
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout,
    // A channel, or an id of which every character is percent-encoded.
    routerOptions: { maxParamLength: 3 * MAX_CHANNEL_LENGTH },
    trustProxy: settings.trustProxy.length > 0 && [...settings.trustProxy],
    http: {
      ...errorOptions.http,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(requestTimeout, MAX_LATENESS_MS),
    },
  })
}
