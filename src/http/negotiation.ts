import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { json } from '../format/json.ts'
import { CHANNEL_PATTERN, isChannelPattern, MAX_CHANNEL_LENGTH } from '../protocol/channel.ts'
import { ChannelSet } from '../protocol/channel-set.ts'
import { parseCursor } from '../protocol/cursor.ts'
import { type Fallback, parseVia } from '../protocol/fallbacks.ts'
import type { TransportKind } from '../protocol/messages.ts'
import type { Format } from '../stream/format.ts'
import type { Start } from '../stream/start.ts'
import { acceptedFormat, acceptsEvents } from './accept.ts'
import { faultOfHandshake, handshakeFormat } from './handshake.ts'
import { elementsOf } from './list.ts'
import { Problem } from './problem.ts'
import { wholeNumber } from './whole-number.ts'

/** What a request for the stream asks for (contract §4). */
export interface Negotiation {
  readonly transport: TransportKind
  /** of its messages; `sse` has JSON, and nothing else */
  readonly format: Format
  readonly channels: ChannelSet
  readonly start: Start
  /** how long a long-poll may wait, in milliseconds */
  readonly waitMs: number
  /** the most notifications in a long-poll's answer */
  readonly limit: number
  /** the better transports that the client could not have (PROTOCOL P-150) */
  readonly via: readonly Fallback[]
}

/** Contract §4.3. */
const DEFAULT_WAIT = 25
const MAX_WAIT = 60
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/** Parameters that are not known are let pass: pages add their own against caches. */
export const queryOf = (maxChannels: number) =>
  z.object({
    channel: z
      .preprocess((names) => (typeof names === 'string' ? [names] : names), z.array(z.string()))
      .default([])
      .refine((names) => new Set(names).size <= maxChannels, `at most ${maxChannels} channels`)
      // As one: however many are wrong, they are told of once.
      .refine((names) => names.every(isChannelPattern), 'not a channel name or pattern')
      .meta({
        description: `Names or patterns, up to ${maxChannels}; only on \`websocket\` also none.`,
        items: { type: 'string', maxLength: MAX_CHANNEL_LENGTH, pattern: CHANNEL_PATTERN.source },
      }),
    cursor: z
      .string('must be given once')
      .optional()
      .describe('Start after it, or with `earliest`; `Last-Event-ID` goes before it.'),
    last: wholeNumber(0, MAX_LIMIT)
      .optional()
      .describe('Without a cursor: start with so many of the newest.'),
    wait: wholeNumber(0, MAX_WAIT)
      .optional()
      .describe(
        `Seconds that a long-poll may take, ${DEFAULT_WAIT} where nothing is said; 0 for what is there.`,
      ),
    limit: wholeNumber(1, MAX_LIMIT)
      .default(DEFAULT_LIMIT)
      .describe('The most notifications in the answer to a long-poll.'),
    transport: z
      .enum(['websocket', 'sse', 'long-poll'], 'must be websocket, sse or long-poll')
      .optional()
      .describe('Default: as `Upgrade` or `Accept` say, else `long-poll`.'),
    // It is for the operator's figures alone: a client is not refused for it.
    via: z
      .string()
      .catch('')
      .default('')
      .transform(parseVia)
      .describe(
        'The better transports that could not be had, for the figures: `websocket.silent,sse.failed`.',
      ),
  })

/** Headers that matter here beside those of HTTP and WebSocket; what they may not be, the functions below say. */
export const headersOf = z.object({
  'Last-Event-ID': z.string().optional().describe('A cursor to start after, as EventSource sends it.'),
  Prefer: z.string().optional().describe('`wait=N` (RFC 7240 §4.3), in the place of the parameter `wait`.'),
})

type Query = z.output<ReturnType<typeof queryOf>>

/** Makes what reads requests for the stream, for at most `maxChannels` channels each. It throws Problem. */
export function negotiator(maxChannels: number): (request: FastifyRequest) => Negotiation {
  const schema = queryOf(maxChannels)
  return (request) => {
    const parsed = schema.safeParse(request.query)
    if (!parsed.success) {
      throw new Problem('bad-query', 'A query parameter is not valid.', {
        errors: parsed.error.issues.map(({ path, message }) => ({
          pointer: `/${path[0]?.toString()}`,
          detail: message,
        })),
      })
    }
    const query = parsed.data
    const transport = transportOf(request, query)
    if (query.channel.length === 0 && transport !== 'websocket') refuse('/channel', 'must be given')
    return {
      transport,
      format: formatOf(request, transport),
      channels: new ChannelSet(query.channel),
      start: startOf(request, query),
      waitMs: 1000 * (query.wait ?? preferredWait(request) ?? DEFAULT_WAIT),
      limit: query.limit,
      via: query.via,
    }
  }
}

function transportOf(request: FastifyRequest, { transport }: Query): TransportKind {
  if (request.ws) {
    const fault = faultOfHandshake(request.headers)
    if (fault) refuse(fault.pointer, fault.detail)
    return 'websocket'
  }
  if (transport === 'websocket') refuse('/transport', 'websocket takes a request with Upgrade: websocket')
  if (transport !== undefined) return transport
  return acceptsEvents(request.headers) ? 'sse' : 'long-poll'
}

function formatOf({ headers }: FastifyRequest, transport: TransportKind): Format {
  if (transport === 'websocket') return handshakeFormat(headers)
  return transport === 'long-poll' ? acceptedFormat(headers) : json
}

function startOf(request: FastifyRequest, query: Query): Start {
  // EventSource repeats its first URL when it comes back; where it got to is in the header, so the header goes first.
  const lastEventId = request.headers['last-event-id']
  if (typeof lastEventId === 'string' && lastEventId !== '') return fromCursor(lastEventId)
  if (query.cursor === 'earliest') return { from: 'earliest' }
  // Clients that put a variable into their URL have nothing to put there at first.
  if (query.cursor) return fromCursor(query.cursor)
  return query.last === undefined ? { from: 'now' } : { from: 'newest', count: query.last }
}

function fromCursor(text: string): Start {
  const cursor = parseCursor(text)
  if (!cursor) throw new Problem('bad-cursor', 'A cursor is sent back as it was received.')
  return { from: 'cursor', cursor }
}

/** `Prefer: wait=N` (RFC 7240 §4.3). A preference that can't be met is no error. */
function preferredWait({ headers }: FastifyRequest): number | undefined {
  const preferences = elementsOf([headers['prefer'] ?? ''].flat().join())
  const wait = preferences.map((preference) => /^wait=(\d{1,9})$/i.exec(preference)?.[1]).find(Boolean)
  return wait === undefined ? undefined : Math.min(Number(wait), MAX_WAIT)
}

function refuse(pointer: string, detail: string): never {
  throw new Problem('bad-query', `${pointer.slice(1)} ${detail}.`, { errors: [{ pointer, detail }] })
}
