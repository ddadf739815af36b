import { unpack } from '../../format/msgpack-value.ts'
import { refuseMalformed } from '../malformed.ts'
import { type Items, oneOrMore } from './items.ts'

/** `application/msgpack`: an item, or an array of them. Throws Problem `bad-msgpack`. */
export function decodeMsgpack(body: Buffer): Items {
  return oneOrMore(refuseMalformed('bad-msgpack', 'The MessagePack', () => unpack(body)))
}
