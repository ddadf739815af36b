import { create, fromJson, type JsonObject, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Encoder } from '../stream/entry.ts'
import type { Format } from '../stream/format.ts'
import { membersOf } from './answer.ts'
import { parse } from './protobuf-value.ts'
import { AnswerSchema, ClientMessageSchema, NotificationSchema, ServerMessageSchema } from './tidings_pb.ts'

/** `Notification` of tidings.proto. */
const NOTIFICATION: Encoder = {
  encode({ cursor, notification: { channel, id, type, time, traceparent, data } }) {
    const message = create(NotificationSchema, {
      ...{ cursor, channel, id, time: BigInt(time), data: Buffer.from(data) },
      ...(type !== undefined && { type }),
      ...(traceparent !== undefined && { traceparent }),
    })
    return bufferOf(toBinary(NotificationSchema, message))
  },
}

/** Protocol Buffers: the messages of tidings.proto, which says why they are as they are. */
export const protobuf: Format = {
  name: 'Protobuf',
  subprotocol: 'tidings.v1.protobuf',
  mediaType: 'application/x-protobuf',
  frameType: 'binary',

  notification(entry) {
    const field = ServerMessageSchema.field.notification.number
    return bufferOf(embed(new BinaryWriter(), field, entry.bytes(NOTIFICATION)).finish())
  },

  message(message, padding = 0) {
    const { type, ...members } = message
    // As Protobuf has it in JSON: a member by the name of its type.
    const sent = fromJson(ServerMessageSchema, { [type]: members as JsonValue })
    sent.padding = new Uint8Array(padding)
    return bufferOf(toBinary(ServerMessageSchema, sent))
  },

  answer(answer) {
    const writer = new BinaryWriter()
    const field = AnswerSchema.field.notifications.number
    for (const entry of answer.entries) embed(writer, field, entry.bytes(NOTIFICATION))
    // Fields of a message may come one after another, from wherever they are.
    writer.raw(toBinary(AnswerSchema, fromJson(AnswerSchema, membersOf(answer) as JsonObject)))
    return bufferOf(writer.finish())
  },

  decode(frame) {
    const sent = toJson(ClientMessageSchema, parse(ClientMessageSchema, frame)) as JsonObject
    const [[type, members] = []] = Object.entries(sent)
    return { type, ...(members as JsonObject) }
  },
}

/** Writes a message that is in bytes already as a field. */
function embed(writer: BinaryWriter, field: number, message: Uint8Array): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).bytes(message)
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
