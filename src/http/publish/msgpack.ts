import { Malformed } from '../../format/malformed.ts'
import { unpack } from '../../format/msgpack-value.ts'
import { Problem } from '../problem.ts'
import { batch, type Items, single } from './items.ts'

/** `application/msgpack`: an item, or an array of them. Throws Problem `bad-msgpack`. */
export function decodeMsgpack(body: Buffer): Items {
  const value = read(body)
  return Array.isArray(value) ? batch(value) : single(value)
}

function read(body: Buffer): unknown {
  try {
    return unpack(body)
  } catch (error) {
    if (error instanceof Malformed) throw new Problem('bad-msgpack', `The MessagePack ${error.message}.`)
    throw error
  }
}
