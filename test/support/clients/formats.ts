import { fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf'
import { Packr } from 'msgpackr'
import {
  AnswerSchema,
  ClientMessageSchema,
  type Notification,
  ServerMessageSchema,
} from '../../../src/format/tidings_pb.ts'
import type { LongPollAnswer, NotificationMessage } from '../../../src/protocol/messages.ts'
import type { Message } from './client.ts'

/** A wire format as clients have it. */
export interface ClientFormat {
  readonly name: string
  readonly subprotocol: string
  readonly mediaType: string
  /** A frame for the service, of a message in the shape that it has in JSON. */
  encode(message: object): string | Uint8Array
  /** Reads a frame of the service. */
  message(frame: Buffer): Message
  /** Reads the data in a notification's frame, as an application does that wants nothing else. */
  data(frame: Buffer): unknown
  /** Reads a long-poll's answer. */
  answer(body: Buffer): LongPollAnswer
}

export const jsonFormat: ClientFormat = {
  name: 'JSON',
  subprotocol: 'tidings.v1.json',
  mediaType: 'application/json',
  encode: (message) => JSON.stringify(message),
  message: (frame) => JSON.parse(frame.toString()) as Message,
  data: (frame) => JSON.parse(frame.toString()).notification.data,
  answer: (body) => JSON.parse(body.toString()) as LongPollAnswer,
}

const packr = new Packr({ useRecords: false })

export const msgpackFormat: ClientFormat = {
  name: 'MessagePack',
  subprotocol: 'tidings.v1.msgpack',
  mediaType: 'application/msgpack',
  encode: (message) => packr.pack(message),
  message(frame) {
    const { padding: _, ...message } = packr.unpack(frame) as JsonObject
    return message as unknown as Message
  },
  data: (frame) => packr.unpack(frame).notification.data,
  answer: (body) => packr.unpack(body) as LongPollAnswer,
}

/** What is empty or 0 is not on the wire, and yet there. */
const WHOLE = { alwaysEmitImplicit: true }

export const protobufFormat: ClientFormat = {
  name: 'Protobuf',
  subprotocol: 'tidings.v1.protobuf',
  mediaType: 'application/x-protobuf',
  encode({ type, ...members }: { type?: string }) {
    return toBinary(
      ClientMessageSchema,
      fromJson(ClientMessageSchema, { [`${type}`]: members as JsonObject }),
    )
  },
  message(frame) {
    const { padding: _, ...sent } = toJson(
      ServerMessageSchema,
      fromBinary(ServerMessageSchema, frame),
      WHOLE,
    ) as JsonObject
    const [[type, members] = []] = Object.entries(sent)
    if (type === 'notification') return { type, notification: notificationOf(members as JsonObject) }
    return { type, ...(members as object) } as Message
  },
  data(frame) {
    const { value } = fromBinary(ServerMessageSchema, frame).message
    return JSON.parse(new TextDecoder().decode((value as Notification).data))
  },
  answer(body) {
    const { notifications, ...rest } = toJson(AnswerSchema, fromBinary(AnswerSchema, body), WHOLE) as {
      notifications: JsonObject[]
    }
    return { notifications: notifications.map(notificationOf), ...(rest as { cursor: string }) }
  },
}

/** The notification in the shape that it has in JSON, of what Protobuf makes of it there. */
function notificationOf({ time, data, ...rest }: JsonObject): NotificationMessage {
  return {
    ...(rest as unknown as Pick<NotificationMessage, 'cursor' | 'channel' | 'id'>),
    time: new Date(Number(time)).toISOString(),
    data: JSON.parse(Buffer.from(`${data}`, 'base64').toString()),
  }
}

/** All of them. */
export const CLIENT_FORMATS: readonly ClientFormat[] = [jsonFormat, msgpackFormat, protobufFormat]
