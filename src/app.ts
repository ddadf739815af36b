import type { Server } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import fastifyRateLimit from '@fastify/rate-limit'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { accessOpener } from './auth/access.ts'
import type { Authenticator } from './auth/authenticator.ts'
import { counted } from './auth/counted.ts'
import type { Principal } from './auth/principal.ts'
import { revocable } from './auth/revocable.ts'
import { Revocations } from './auth/revocations.ts'
import { isLoopback } from './config/auth.ts'
import type { Settings } from './config/settings.ts'
import { offeredFormat } from './format/formats.ts'
import { Admission } from './http/admission.ts'
import { authentication, renewal } from './http/authentication.ts'
import { cancelRoute } from './http/cancel.ts'
import { channelsRoutes } from './http/channels.ts'
import { registerClientErrors } from './http/client-error.ts'
import { clientFileRoute } from './http/client-file.ts'
import { boundConnections } from './http/connections.ts'
import { credentialReader, readNoCredential } from './http/credential.ts'
import { registerErrors } from './http/errors.ts'
import { openFigures } from './http/figures.ts'
import { healthRoutes } from './http/health.ts'
import { registerHosts } from './http/host.ts'
import type { Metric } from './http/metrics/exposition.ts'
import { metricsRoute } from './http/metrics.ts'
import { documentRoutes, openApiRoute } from './http/openapi.ts'
import { registerOrigins } from './http/origin.ts'
import { CONSOLE, DOCS, pageRoutes } from './http/pages.ts'
import { publishRoute } from './http/publish.ts'
import { rateLimits } from './http/rate-limit.ts'
import { revocationsRoute } from './http/revocations.ts'
import type { Siblings } from './http/siblings.ts'
import { statsRoute } from './http/stats.ts'
import { streamRoute } from './http/stream.ts'
import { webSocketUpgrades } from './http/upgrade.ts'
import { limitsOf } from './limits.ts'
import type { Log } from './log/log.ts'
import type { StatsDocument } from './protocol/stats.ts'
import { createServer } from './server.ts'
import { type Clock, systemClock } from './stream/clock.ts'
import { Dispatcher } from './stream/dispatcher.ts'
import { drain } from './stream/drain.ts'
import { Hub } from './stream/hub.ts'
import { Presence } from './stream/presence.ts'
import { tally } from './stream/stats.ts'
import { traceDelivery } from './tracing/deliver.ts'

/** What the service is made of. */
export interface AppParts {
  readonly settings: Settings
  readonly authenticator: Authenticator
  /** stays the caller's: it is not closed with the app */
  readonly log: Log
  /** default: none */
  readonly logger?: FastifyBaseLogger
  /** default: the machine's */
  readonly clock?: Clock
  /** the other workers, whose figures are shown with its own; default: none */
  readonly siblings?: AppSiblings | undefined
}

/** The other workers, by what they can be asked for. */
export interface AppSiblings {
  /** what this one is called among them */
  readonly name: string
  readonly figures: Siblings<StatsDocument>
  readonly metrics: Siblings<readonly Metric[]>
}

/** The service, not yet listening. */
export interface TidingsApp {
  readonly server: FastifyInstance
  /** Stops it in good order (contract §7): not ready at once, streams closed at an even pace, then everything else. */
  drain(): Promise<void>
}

/** What `npm run build` makes of the SDK; the service runs from `src` or `dist`, which lie side by side. */
const CLIENT_FILE = new URL('../dist/client.js', import.meta.url)
const CONSOLE_DIRECTORY = new URL('../dist/console/', import.meta.url)
const DOCS_DIRECTORY = new URL('../dist/docs/', import.meta.url)

/** How long requests that are under way when all streams are gone may still take, in milliseconds. */
const CLOSE_GRACE_MS = 5_000

/** What ws may gather of one message before it gives up (close code 1009): somewhat more than what is answered with an `error`. */
const FRAME_MARGIN_BYTES = 64 * 1024

/** In how many fragments a message may come, and in how many chunks a fragment: each costs memory, however small. Beyond it, 1008. */
const MAX_PIECES = 4096

/** Puts the service together: the composition root. A log that can't be reached yet is no reason not to: `/readyz` says so. */
export async function buildApp({
  settings,
  authenticator,
  log,
  logger,
  clock = systemClock,
  siblings,
}: AppParts): Promise<TidingsApp> {
  const hub = new Hub({ log, clock, windowBytes: settings.windowBytes, watchDelivery: traceDelivery })
  await hub.open()
  const revocations =
    settings.auth === 'none'
      ? undefined
      : new Revocations({ hub, retentionSeconds: settings.retentionSeconds, onRevoked: reviewStreams })
  const judge = revocations
    ? counted(revocable(authenticator, revocations), (code) => tally(hub.stats.authFailures, code))
    : authenticator
  const server = createServer(settings, logger)
  const dispatcher = new Dispatcher({
    ...{ schedule: log.schedule, clock, stats: hub.stats },
    report: (err) => server.log.error({ err }, 'the schedule'),
  })
  let isDraining = false
  const draining = () => isDraining

  const limits = limitsOf(settings)
  const readCredential = settings.auth === 'none' ? readNoCredential : credentialReader(settings.tokenCookie)
  const authenticate = authentication(server, judge, readCredential)
  const isRevoked = (principal: Principal) => revocations?.revokes(principal) ?? false
  const renew = renewal(authenticate, (principal) => clock.now() < principal.expires && !isRevoked(principal))
  // Its hook would take every request's cookies apart.
  if (settings.tokenCookie !== '') server.register(fastifyCookie, { hook: false })
  boundConnections(server.server, settings.maxConnections, settings.stallSeconds * 1000)
  const routes = documentRoutes(server)
  registerErrors(server, clock)
  registerClientErrors(server)
  registerHosts(server, settings.auth === 'none' && isLoopback(settings.host) ? settings : undefined)
  await server.register(fastifyWebsocket, {
    options: {
      // All that the plugin asks of this server is its upgrades.
      server: webSocketUpgrades(server.server) as Server,
      maxPayload: settings.maxFrameBytes + FRAME_MARGIN_BYTES,
      maxFragments: MAX_PIECES,
      maxBufferedChunks: MAX_PIECES,
      // Per connection it costs Node megabytes, and bytes could not be shared between subscribers.
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: (offered) => offeredFormat(offered)?.subprotocol ?? false,
    },
    preClose: leaveNoStream,
  })
  registerOrigins(server, settings.allowedOrigins)
  await server.register(fastifyRateLimit, { global: false })
  const publishLimits = rateLimits(server, limits.publishes, () => hub.stats.rejected.publishes++)
  server.register(clientFileRoute, { file: CLIENT_FILE })
  server.register(healthRoutes, { reach, draining })
  server.register(publishRoute, {
    authenticate,
    renew,
    log,
    dispatcher,
    clock,
    epoch: () => hub.epoch,
    retentionSeconds: settings.retentionSeconds,
    maxBodyBytes: settings.maxBodyBytes,
    rateLimits: publishLimits,
    stats: hub.stats,
  })
  server.register(cancelRoute, { authenticate, dispatcher, rateLimits: publishLimits })
  server.register(channelsRoutes, {
    authenticate,
    presence: new Presence(hub, log.peers),
    rateLimits: publishLimits,
  })
  server.register(streamRoute, {
    authenticate,
    openAccess: accessOpener({
      authenticator: judge,
      isRevoked,
      report: (err) => server.log.error({ err }, 'a token could not be judged'),
    }),
    hub,
    admission: new Admission(limits.connections, () => hub.stats.rejected.connections++),
    limits: {
      maxChannels: settings.maxChannels,
      maxAgeMs: settings.maxAgeSeconds * 1000 || Number.POSITIVE_INFINITY,
    },
    heartbeatMs: settings.heartbeatSeconds * 1000,
    stallMs: settings.stallSeconds * 1000,
    keepAliveMs: server.server.keepAliveTimeout,
    maxFrameBytes: settings.maxFrameBytes,
    rates: limits.streams,
    draining,
  })
  server.register(revocationsRoute, {
    authenticate,
    renew,
    revocations,
    rateLimits: publishLimits,
    clock,
  })
  server.register(statsRoute, {
    authenticate,
    // Whatever clock the streams go by, rates are of real seconds.
    figures: openFigures({ hub, log, draining, clock: systemClock, siblings: siblings?.figures }),
    clock: systemClock,
  })
  server.register(metricsRoute, {
    ...{ authenticate, readers: settings.metrics, hub, log, draining, reach },
    ...{ siblings: siblings?.metrics, worker: siblings?.name },
  })
  server.register(pageRoutes, { page: CONSOLE, directory: CONSOLE_DIRECTORY })
  server.register(pageRoutes, { page: DOCS, directory: DOCS_DIRECTORY })
  server.register(openApiRoute, {
    routes,
    credentials: { asked: settings.auth !== 'none', cookie: settings.tokenCookie },
  })
  server.addHook('onClose', async () => {
    await dispatcher.close()
    revocations?.close()
    hub.close()
  })

  /** The log answers, this instance follows it, and knows what is revoked. */
  async function reach(): Promise<unknown> {
    await log.bounds()
    revocations?.demandKnown()
    return hub.epoch
  }

  /** Something has been revoked: a stream that rests on it must end. */
  function reviewStreams(): void {
    for (const subscriber of hub.subscribers) subscriber.review()
  }

  /** The server closes only when its connections are gone: those that came while it drained, or all when it didn't, go now. */
  function leaveNoStream(done: () => void): void {
    isDraining = true
    for (const subscriber of hub.subscribers) {
      subscriber.bye('draining', 0)
      subscriber.close('draining')
    }
    done()
  }

  return {
    server,
    async drain() {
      isDraining = true
      await drain(hub, settings.drainSeconds * 1000, clock)
      // Node waits for ever for a connection on which nothing has been asked, or not all of it: its own timers end with `close`.
      const giveUp = clock.after(CLOSE_GRACE_MS, () => server.server.closeAllConnections())
      await server.close()
      giveUp()
    },
  }
}
