import { z } from 'zod'
import { STREAM_CODES } from '../../protocol/codes.ts'
import type {
  ByeMessage,
  ByeReason,
  ChannelsMessage,
  ErrorMessage,
  GapMessage,
  GapReason,
  HeartbeatMessage,
  LongPollAnswer,
  NotificationMessage,
  PongMessage,
  ReadyMessage,
  TransportKind,
} from '../../protocol/messages.ts'
import type { Shape } from './schema.ts'

/** A union of literals as zod's enum, which has all of them and no others. */
type Names<Union extends string> = { readonly [Name in Union]: Name }

const transport = z.enum({
  websocket: 'websocket',
  sse: 'sse',
  'long-poll': 'long-poll',
} satisfies Names<TransportKind>)

const gapReason = z.enum({ retention: 'retention', epoch: 'epoch' } satisfies Names<GapReason>)

const byeReason = z.enum({
  draining: 'draining',
  'max-age': 'max-age',
  'token-expired': 'token-expired',
} satisfies Names<ByeReason>)

const cursor = z.string().describe('A place to come back to, on any transport; not to be looked into.')
const channels = z.array(z.string()).describe('The names and patterns now.')
const request = z.string().exactOptional().describe('That of the message which this answers.')

/** The messages of `src/protocol/messages.ts` from the service to its clients, as schemas of what they say. */
export const notification = z.strictObject({
  cursor,
  channel: z.string(),
  id: z.string().describe('With the channel its identity.'),
  type: z.string().exactOptional().describe('As it was published.'),
  time: z.iso.datetime({ precision: 3 }).describe('When it was stored.'),
  traceparent: z.string().exactOptional().describe('Of its publish (W3C Trace Context).'),
  data: z.unknown().describe('Any JSON value.'),
} satisfies Shape<NotificationMessage>)

export const ready = z.strictObject({
  type: z.literal('ready'),
  cursor,
  transport,
  channels,
  heartbeat: z.number().describe('The longest silence to expect, in seconds.'),
} satisfies Shape<ReadyMessage>)

export const heartbeat = z.strictObject({
  type: z.literal('heartbeat'),
  cursor,
} satisfies Shape<HeartbeatMessage>)

export const gap = z.strictObject({
  type: z.literal('gap'),
  cursor,
  reason: gapReason.describe('Retention has taken them, or the cursor is of another log.'),
} satisfies Shape<GapMessage>)

export const bye = z.strictObject({
  type: z.literal('bye'),
  reason: byeReason,
  retryAfter: z.int().min(0).describe('When to come back, in milliseconds.'),
  cursor,
} satisfies Shape<ByeMessage>)

export const error = z.strictObject({
  type: z.literal('error'),
  code: z.enum(STREAM_CODES).describe('What to go by: its meaning never changes.'),
  message: z.string().describe('What happened this time.'),
  request,
} satisfies Shape<ErrorMessage>)

export const channelsChanged = z.strictObject({
  type: z.enum({ subscribed: 'subscribed', unsubscribed: 'unsubscribed' } satisfies Names<
    ChannelsMessage['type']
  >),
  channels,
  cursor,
  request,
} satisfies Shape<ChannelsMessage>)

export const pong = z.strictObject({ type: z.literal('pong'), request } satisfies Shape<PongMessage>)

/** What a long-poll is answered. */
export const longPollAnswer = z.strictObject({
  notifications: z.array(notification),
  cursor,
  ready: ready.omit({ type: true }).exactOptional(),
  gap: gap.omit({ type: true }).exactOptional(),
  bye: bye.omit({ type: true }).exactOptional(),
} satisfies Shape<LongPollAnswer>)
