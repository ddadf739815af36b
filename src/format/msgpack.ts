import { Packr } from 'msgpackr/pack'
import type { Encoder } from '../stream/entry.ts'
import type { Format } from '../stream/format.ts'
import { membersOf } from './answer.ts'
import { unpack } from './msgpack-value.ts'

/** Without records, which are an extension of msgpackr's own. */
const packr = new Packr({ useRecords: false, variableMapSize: true })

/** The object of a notification, with the same members as in JSON. */
const NOTIFICATION: Encoder = {
  encode({ cursor, notification: { channel, id, type, time, traceparent, data } }) {
    return packr.pack({
      ...{ cursor, channel, id, ...(type !== undefined && { type }) },
      time: new Date(time).toISOString(),
      ...(traceparent !== undefined && { traceparent }),
      data: JSON.parse(data),
    })
  },
}

/** All of a notification's message that comes before its object, in place of which `null` has one byte. */
const BEFORE = packr.pack({ type: 'notification', notification: null }).subarray(0, -1)

/** MessagePack: the objects of JSON, in fewer bytes. */
export const msgpack: Format = {
  name: 'MessagePack',
  subprotocol: 'tidings.v1.msgpack',
  mediaType: 'application/msgpack',
  frameType: 'binary',

  notification: (entry) => Buffer.concat([BEFORE, entry.bytes(NOTIFICATION)]),

  message: (message, padding = 0) =>
    packr.pack(padding === 0 ? message : { ...message, padding: ' '.repeat(padding) }),

  answer(answer) {
    const { entries } = answer
    // The list comes last, and an empty one has one byte.
    const before = packr.pack({ ...membersOf(answer), notifications: [] }).subarray(0, -1)
    return Buffer.concat([
      before,
      listHead(entries.length),
      ...entries.map((entry) => entry.bytes(NOTIFICATION)),
    ])
  },

  decode: unpack,
}

/** What precedes the elements of a list of fewer than 2^16. */
function listHead(length: number): Buffer {
  return Buffer.from(length < 16 ? [0x90 | length] : [0xdc, length >> 8, length & 0xff])
}
