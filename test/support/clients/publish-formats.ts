import { fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf'
import { Packr } from 'msgpackr'
import { PublishSchema } from '../../../src/format/tidings_pb.ts'

/** What is published, in the shape that it has in JSON. */
export interface PublishedItem {
  readonly data?: unknown
  readonly [member: string]: unknown
}

const packr = new Packr({ useRecords: false })

/** A body of `application/msgpack`. */
export function packed(body: unknown): Buffer {
  return packr.pack(body)
}

/** A body of `application/x-protobuf`. */
export function protobufOf(...items: readonly PublishedItem[]): Buffer {
  const list = items.map(({ data, ...members }) => ({
    ...members,
    data: Buffer.from(JSON.stringify(data) ?? '').toString('base64'),
  }))
  return Buffer.from(toBinary(PublishSchema, fromJson(PublishSchema, { items: list as JsonValue })))
}

export const MSGPACK = { 'content-type': 'application/msgpack' }
export const PROTOBUF = { 'content-type': 'application/x-protobuf' }
