import { Packr } from 'msgpackr/pack'

/** Without records, which are an extension of msgpackr's own. */
const packr = new Packr({ useRecords: false, int64AsType: 'number' })

/** A message in bytes. */
export function pack(message: unknown): Uint8Array<ArrayBuffer> {
  return packr.pack(message) as Uint8Array<ArrayBuffer>
}

/** @throws when it is no MessagePack */
export function unpack(bytes: ArrayBuffer): unknown {
  return packr.unpack(new Uint8Array(bytes))
}
