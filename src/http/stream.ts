import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { OpenAccess } from '../auth/access.ts'
import { FORMATS } from '../format/formats.ts'
import type { ChannelSet } from '../protocol/channel-set.ts'
import type { Access } from '../stream/access.ts'
import type { Format } from '../stream/format.ts'
import type { Hub } from '../stream/hub.ts'
import type { Peer } from '../stream/peer.ts'
import { findStart, type StartingPoint } from '../stream/start.ts'
import { Subscriber, type SubscriberLimits } from '../stream/subscriber.ts'
import type { Transport } from '../stream/transport.ts'
import { ResponseExchange } from '../transport/exchange.ts'
import { LongPollTransport } from '../transport/long-poll.ts'
import { SseTransport } from '../transport/sse.ts'
import { type WebSocketOptions, WebSocketTransport } from '../transport/websocket.ts'
import { Allowance, type FrameRates } from '../transport/websocket-allowance.ts'
import { batchWriter, Framing } from '../transport/websocket-batch.ts'
import { addressOf } from './address.ts'
import type { Admission } from './admission.ts'
import { type Authenticate, principalOf } from './authentication.ts'
import { isGone } from './gone.ts'
import { negotiatedBody, negotiatedHeaders } from './negotiated-headers.ts'
import { type Negotiation, negotiator } from './negotiation.ts'
import { Problem } from './problem.ts'
import { type RateLimits, rateLimits } from './rate-limit.ts'
import { releaseExchange, releaseUpgrade } from './release.ts'
import { RepeatedPolls } from './repeated-polls.ts'
import { streamOperation } from './stream-operation.ts'

/** What the stream's route needs. */
export interface StreamOptions {
  readonly authenticate: Authenticate
  readonly openAccess: OpenAccess
  readonly hub: Hub
  readonly admission: Admission
  readonly limits: SubscriberLimits
  /** between two heartbeats, in milliseconds */
  readonly heartbeatMs: number
  /** a peer that takes no byte for this long is dropped, in milliseconds */
  readonly stallMs: number
  /** how long Node keeps a connection on which nothing is asked, in milliseconds */
  readonly keepAliveMs: number
  /** the largest message from a WebSocket client, in bytes */
  readonly maxFrameBytes: number
  /** how often something may happen in a second; 0 for no limit */
  readonly rates: {
    /** that a stream begins */
    readonly connects: RateLimits
    /** that a frame comes from a WebSocket client */
    readonly frames: FrameRates
    /** that one of those changes what the client is sent */
    readonly subscribes: FrameRates
  }
  /** whether this instance is being stopped */
  draining(): boolean
}

/** What has been agreed on before the stream begins. */
interface Agreed extends Negotiation {
  readonly peer: Peer
  readonly access: Access
  readonly begin: StartingPoint
}

/** Seconds after which a client that came to a draining instance may try again: there is another behind the same URL. */
const DRAINING_RETRY_AFTER = 1

declare module 'fastify' {
  interface FastifyRequest {
    agreed: Agreed | null
  }
  interface FastifyContextConfig {
    takesUpgrade?: boolean
  }
}

/**
 * Fastify plugin: `GET /v1/stream` (contract §4), one URL for every transport. What can be refused is refused before the stream
 * begins. Register `@fastify/websocket` first.
 */
export function streamRoute(app: FastifyInstance, options: StreamOptions, done: () => void): void {
  const { authenticate, openAccess, hub, admission, limits, heartbeatMs, stallMs, maxFrameBytes, rates } =
    options
  const { rejected } = hub.stats
  const connectLimits = rateLimits(app, rates.connects, () => rejected.connects++)
  const repeatedPolls = new RepeatedPolls(options)
  const negotiate = negotiator(limits.maxChannels)
  const treatment = {
    heartbeatMs,
    stallMs,
    maxFrameBytes,
    frames: new Allowance(rates.frames, hub.clock),
    subscribes: new Allowance(rates.subscribes, hub.clock),
    rejected: (what: 'frames' | 'subscribes') => rejected[what]++,
    clock: hub.clock,
    write: batchWriter(app.websocketServer),
  }
  /** the same object for all sockets of a format */
  const treatments = new Map(
    FORMATS.map((format): [Format, WebSocketOptions] => [
      format,
      { ...treatment, framing: new Framing(format) },
    ]),
  )

  /** Broken frames are the client's doing, and `ws` ends the socket for them. */
  const noteFault = (err: Error) => app.log.debug({ err }, 'WebSocket ended by an error')

  app.decorateRequest('agreed', null)
  app.route({
    method: 'GET',
    url: '/v1/stream',
    exposeHeadRoute: false,
    config: { takesUpgrade: true, operation: streamOperation(limits.maxChannels) },
    onRequest: authenticate,
    preValidation: agree,
    // One for each request would be a part of what a long-poll costs that can be measured, and nothing is written about most.
    childLoggerFactory: (logger) => logger,
    handler: overHttp,
    wsHandler: overWebSocket,
  })
  done()

  async function agree(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    refuseWhileDraining()
    // Behind another stream it could wait for ever, and Node tells no one when its connection ends before its turn.
    if (!reply.raw.socket) throw new Problem('pipelined-stream', 'The request before it is not answered yet.')
    const negotiation = negotiate(request)
    if (isGone(request, reply)) return
    if (!goesOn(negotiation)) for (const limit of connectLimits) await limit(request)
    const principal = principalOf(request)
    const access = openAccess(principal)
    refuseForbidden(access, negotiation.channels)
    const connection = request.ws ? request.raw.socket : reply.raw
    if (isGone(request, reply)) return
    const peer = { address: addressOf(request), principal: principal.name }
    admission.admit(peer)
    connection.on('close', () => admission.leave(peer))
    request.agreed = {
      ...negotiation,
      peer,
      access,
      begin: await findStart(hub, negotiation.channels, negotiation.start),
    }
    refuseWhileDraining()
  }

  /**
   * Says whether it is the same client's stream still, which comes as often as notifications do. Where it has fallen out of the window,
   * every request would have the log read, for ever without a limit.
   */
  function goesOn(negotiation: Negotiation): boolean {
    const { start } = negotiation
    return (
      isRepeatable(negotiation) &&
      start.from === 'cursor' &&
      start.cursor.epoch === hub.epoch &&
      hub.window.covers(start.cursor.position)
    )
  }

  function refuseWhileDraining(): void {
    if (!options.draining()) return
    throw new Problem('draining', 'This instance is being stopped.', { retryAfter: DRAINING_RETRY_AFTER })
  }

  function overHttp(request: FastifyRequest, reply: FastifyReply): void {
    const agreed = agreedWith(request)
    reply.hijack()
    // The client may have gone while its starting point was looked up.
    if (reply.raw.destroyed) return
    const response = reply.raw
    if (agreed.transport === 'sse') {
      const headers = negotiatedHeaders(reply)
      subscribe(request, new SseTransport(response, { heartbeatMs, headers }))
    } else {
      const headers = negotiatedBody(reply, agreed.format)
      // What it says of fallbacks is counted where it is said.
      if (isRepeatable(agreed) && agreed.via.length === 0) {
        repeatedPolls.learn(request.raw, response, { ...agreed, headers })
      }
      const ready = agreed.start.from === 'now' || agreed.start.from === 'newest'
      const exchange = new ResponseExchange(response, headers)
      subscribe(request, new LongPollTransport(exchange, { ...agreed, ready }))
    }
    releaseExchange(request.raw, response)
  }

  function overWebSocket(ws: WebSocket, request: FastifyRequest): void {
    const { socket } = request.raw
    const { peer, format } = agreedWith(request)
    subscribe(request, new WebSocketTransport(ws, socket, peer, treatments.get(format) as WebSocketOptions))
    releaseUpgrade(ws, socket, noteFault)
  }

  function subscribe(request: FastifyRequest, transport: Transport): void {
    const { channels, access, begin, ...negotiation } = agreedWith(request)
    countStart(negotiation, begin)
    new Subscriber(hub, transport, { channels, access, after: begin.position }, limits).open(begin.gap)
  }

  function countStart(
    { transport, start, via }: Pick<Agreed, 'transport' | 'start' | 'via'>,
    { position }: StartingPoint,
  ): void {
    for (const fallback of via) hub.stats.fallbacks[fallback]++
    if (start.from !== 'cursor') return
    // An instance that is ahead may have given it out.
    hub.stats.resumeDistance[transport].observe(Math.max(0, hub.window.head - position))
  }
}

/** Says whether it is a long-poll that waits after a cursor: it comes again and again, with the cursor that it was answered. */
function isRepeatable({ transport, start, waitMs }: Negotiation): boolean {
  return transport === 'long-poll' && start.from === 'cursor' && waitMs > 0
}

/** Refuses the whole stream when there is a channel among `channels` that may not be subscribed to. */
function refuseForbidden(access: Access, channels: ChannelSet): void {
  const forbidden = [...channels].filter((channel) => !access.maySubscribe(channel))
  if (forbidden.length === 0) return
  throw new Problem('forbidden', 'No grant covers some of the channels: see `errors`.', {
    errors: forbidden.map((channel) => ({ pointer: '/channel', detail: `No grant covers ${channel}.` })),
  })
}

function agreedWith({ agreed }: FastifyRequest): Agreed {
  if (!agreed) throw new Error('the handlers come after `agree`')
  return agreed
}
