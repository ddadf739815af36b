import { parse } from '../../format/protobuf-value.ts'
import { type Item, PublishSchema } from '../../format/tidings_pb.ts'
import { refuseMalformed } from '../malformed.ts'
import { batch, type Items } from './items.ts'
import { parsePart } from './json.ts'

/** `application/x-protobuf`: `Publish` of tidings.proto. Throws Problem `bad-protobuf`, and `bad-json` for the data of an item. */
export function decodeProtobuf(body: Buffer): Items {
  const { items } = refuseMalformed('bad-protobuf', 'The Protobuf', () => parse(PublishSchema, body))
  return batch(items.map(itemOf))
}

/** The item in the shape that it has in JSON. A list that is empty, and one that is not there, are the same in Protobuf. */
function itemOf({ channel, channels, data, type, id, ttl, at, delay }: Item, index: number): object {
  const names = channels.length > 0 ? channels : undefined
  const members = { channel, channels: names, type, id, ttl, at, delay }
  const sent = Object.entries(members).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(sent),
    data: parsePart(Buffer.from(data), `/${index}/data`, 'The data of an item'),
  }
}
