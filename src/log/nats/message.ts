import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node'
import type { Draft, Notification } from '../log.ts'
import { notificationOf } from '../notification.ts'
import type { Subjects } from './subjects.ts'

/** JetStream stores one such message once in its window; ours says which notification it is. */
const IDENTITY = 'Nats-Msg-Id'
const TYPE = 'Tidings-Type'
const TTL = 'Tidings-Ttl'
/** As whatever traces NATS has it. */
const TRACEPARENT = 'traceparent'

/** A message for a stream. It has a `Nats-Msg-Id`: however often it is sent, it is stored once in the stream's window. */
export interface Outgoing {
  readonly subject: string
  readonly headers: MsgHdrs
  /** the body */
  readonly data: string
}

/** Encodes a draft. The identity is the channel, a space, and the id percent-encoded, for a header loses spaces at its ends. */
export function encode(subjects: Subjects, { channel, id, type, data, ttl, traceparent }: Draft): Outgoing {
  const fields = headers()
  fields.append(IDENTITY, `${channel} ${encodeURIComponent(id)}`)
  if (type !== undefined) fields.append(TYPE, type)
  if (ttl !== undefined) fields.append(TTL, `${ttl}`)
  if (traceparent !== undefined) fields.append(TRACEPARENT, traceparent)
  return { subject: subjects.of(channel), headers: fields, data }
}

/** Where a message that a consumer delivered is, as its reply subject says. */
export interface Place {
  /** its sequence in the stream: the notification's position */
  readonly position: number
  /** which delivery of its consumer it is, counted from 1 without holes */
  readonly delivery: number
  /** when it was stored, milliseconds since 1970 */
  readonly time: number
  /** how many messages its consumer had yet to bring */
  readonly pending: number
}

/**
 * Reads the place from `$JS.ACK.<stream>.<consumer>.<deliveries>.<position>.<delivery>.<time, ns>.<pending>`, or the longer form
 * with `<domain>.<account>` before the stream and a random token at the end.
 *
 * @returns `undefined` when it is no such subject: then the message is the server's word about the consumer
 */
export function placeOf(reply: string | undefined): Place | undefined {
  if (!reply?.startsWith('$JS.ACK.')) return undefined
  const tokens = reply.split('.')
  const [position, delivery, time, pending] = tokens.slice(tokens.length > 9 ? 7 : 5)
  return {
    position: Number(position),
    delivery: Number(delivery),
    time: Number(time?.slice(0, -6)),
    pending: Number(pending),
  }
}

/**
 * Decodes a delivered message.
 * @returns `undefined` when it is no notification: somebody else has published on the log's subjects
 */
export function decode(subjects: Subjects, msg: Msg, { position, time }: Place): Notification | undefined {
  const channel = subjects.channelOf(msg.subject)
  const identity = msg.headers?.get(IDENTITY)
  if (!msg.headers || !identity?.startsWith(`${channel} `)) return undefined
  const id = decodeId(identity.slice(channel.length + 1))
  if (id === undefined) return undefined
  const type = msg.headers.get(TYPE)
  const ttl = msg.headers.get(TTL)
  const traceparent = msg.headers.get(TRACEPARENT)
  const draft = {
    ...{ channel, id, data: msg.string() },
    ...(type && { type }),
    ...(ttl && { ttl: Number(ttl) }),
    ...(traceparent && { traceparent }),
  }
  return notificationOf(draft, position, time)
}

function decodeId(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // Thrown in a callback of the client it would end all reading from the connection.
    return undefined
  }
}
