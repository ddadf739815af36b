import { Malformed } from '../../format/malformed.ts'
import { parse } from '../../format/protobuf-value.ts'
import { type Item, type Publish, PublishSchema } from '../../format/tidings_pb.ts'
import { parseJson } from '../json.ts'
import { Problem } from '../problem.ts'
import { batch, type Items } from './items.ts'

/** `application/x-protobuf`: `Publish` of tidings.proto. Throws Problem `bad-protobuf`, and `bad-json` for the data of an item. */
export function decodeProtobuf(body: Buffer): Items {
  return batch(read(body).items.map(itemOf))
}

function read(body: Buffer): Publish {
  try {
    return parse(PublishSchema, body)
  } catch (error) {
    if (error instanceof Malformed) throw new Problem('bad-protobuf', `The Protobuf ${error.message}.`)
    throw error
  }
}

/** The item in the shape that it has in JSON. A list that is empty, and one that is not there, are the same in Protobuf. */
function itemOf({ channel, channels, data, type, id, ttl, at, delay }: Item, index: number): object {
  const names = channels.length > 0 ? channels : undefined
  const members = { channel, channels: names, type, id, ttl, at, delay }
  const sent = Object.entries(members).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(sent), data: parseData(data, index) }
}

function parseData(data: Uint8Array, index: number): unknown {
  try {
    return parseJson(Buffer.from(data))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const errors = [{ pointer: `/${index}/data`, detail: error.message }]
    throw new Problem(error.code, 'The data of an item is not well-formed JSON.', { errors })
  }
}
