import type { z } from 'zod'
import {
  bye,
  channelsChanged,
  error,
  gap,
  heartbeat,
  notification,
  pong,
  ready,
} from '../../src/http/openapi/messages.ts'
import type { ClientMessage, ControlMessage, NotificationMessage } from '../../src/protocol/messages.ts'
import { clientMessage } from '../../src/transport/websocket-messages.ts'

/** A message as the document has it. */
export interface Described<Message extends object> {
  readonly summary: string
  readonly schema: z.ZodObject
  readonly example: Message
}

/** What the service sends on `websocket`, and where nothing else is said on `sse`. */
export interface Sent<Message extends object> extends Described<Message> {
  readonly onSse?: false
}

/** What a client may send, and by what types it is answered; where that is `error` alone, a good one has no answer. */
export interface Received<Message extends object> extends Described<Message> {
  readonly answers: readonly ControlMessage['type'][]
}

const cursor = 'k2v9x0-7'
const channels = ['user:42', 'news']

/** A notification, which on `websocket` travels within its message. */
export const NOTIFICATION: Described<NotificationMessage> = {
  summary: 'One notification, the same object on every transport.',
  schema: notification,
  example: {
    cursor,
    channel: 'user:42',
    id: 'order-7-shipped',
    type: 'order.shipped',
    time: '2026-11-24T18:00:00.000Z',
    data: { order: 7 },
  },
}

/** What the service sends but for notifications, by type. */
export const CONTROL: {
  readonly [Type in ControlMessage['type']]: Sent<ControlMessage & { readonly type: Type }>
} = {
  ready: {
    summary: 'The way is open, end to end: sent at once, before anything else.',
    schema: ready,
    example: { type: 'ready', cursor, transport: 'websocket', channels, heartbeat: 15 },
  },
  heartbeat: {
    summary: 'A sign of life; its cursor moves on even when the channels are quiet.',
    schema: heartbeat,
    example: { type: 'heartbeat', cursor },
  },
  gap: {
    summary: "Some notifications can't be had any more: fetch your state anew, then go on from `cursor`.",
    schema: gap,
    example: { type: 'gap', cursor, reason: 'epoch' },
  },
  bye: {
    summary: 'The service will close on purpose: come back after `retryAfter`. No sign of a bad network.',
    schema: bye,
    example: { type: 'bye', reason: 'draining', retryAfter: 0, cursor },
  },
  error: {
    summary: 'What the client sent was refused, or the token of the stream has been revoked.',
    schema: error,
    example: { type: 'error', code: 'token-revoked', message: 'The token has been revoked.' },
  },
  subscribed: {
    summary: 'The channels as they are after a `subscribe`: the added ones count from `cursor`.',
    schema: channelsChanged,
    example: { type: 'subscribed', channels: [...channels, 'org:7:*'], cursor, request: '1' },
    onSse: false,
  },
  unsubscribed: {
    summary: 'The channels as they are after an `unsubscribe`.',
    schema: channelsChanged,
    example: { type: 'unsubscribed', channels, cursor, request: '2' },
    onSse: false,
  },
  pong: {
    summary: 'The answer to a `ping`.',
    schema: pong,
    example: { type: 'pong', request: '4' },
    onSse: false,
  },
}

const [change, token, ping] = clientMessage.options

/** What a client may send, by type. */
export const CLIENT: {
  readonly [Type in ClientMessage['type']]: Received<ClientMessage & { readonly type: Type }>
} = {
  subscribe: {
    summary: 'Adds channels, from now on.',
    schema: change,
    example: { type: 'subscribe', channels: ['org:7:*'], request: '1' },
    answers: ['subscribed', 'error'],
  },
  unsubscribe: {
    summary: 'Drops channels.',
    schema: change,
    example: { type: 'unsubscribe', channels: ['org:7:*'], request: '2' },
    answers: ['unsubscribed', 'error'],
  },
  token: {
    summary: 'Puts a fresh token in the place of the one before. A good one is not answered.',
    schema: token,
    example: { type: 'token', token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl', request: '3' },
    answers: ['error'],
  },
  ping: {
    summary: 'Asks for a `pong`.',
    schema: ping,
    example: { type: 'ping', request: '4' },
    answers: ['pong'],
  },
}
