import {
  type DescField,
  type DescMessage,
  type DescOneof,
  fromBinary,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Malformed } from './malformed.ts'

/**
 * The most elements of one list, which is more than any may have: who knows how many says that there are too many. An element may have
 * two bytes, and its object takes a hundred times as much.
 */
const MAX_ELEMENTS = 10_000

/**
 * Reads a message.
 *
 * @throws Malformed also for fields that `schema` does not have, or of which it has one and more came: in JSON both are refused, too
 */
export function parse<Schema extends DescMessage>(schema: Schema, bytes: Uint8Array): MessageShape<Schema> {
  try {
    demand(schema, bytes)
    return fromBinary(schema, bytes)
  } catch (error) {
    if (error instanceof Malformed) throw error
    throw new Malformed(`can not be parsed: ${(error as Error).message}`)
  }
}

/**
 * Refuses what the parser lets pass: it reads a field as the schema says, whatever type it has on the wire, and keeps those that it
 * does not know, groups in groups among them. The schema has no type within itself, so its depth bounds the calls.
 */
function demand(schema: DescMessage, bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes)
  const counts = new Map<DescField | DescOneof, number>()
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    const field = schema.fields.find((one) => one.number === number)
    if (!field) throw new Malformed(`has a field ${number} in ${schema.name}, which has none`)
    if (wireType !== wireTypeOf(field))
      throw new Malformed(`has ${schema.name}.${field.name} of another type on the wire`)
    // Of several in a oneof a parser keeps the last, as of a field that is repeated.
    const slot = field.oneof ?? field
    const count = (counts.get(slot) ?? 0) + 1
    if (count > 1 && field.fieldKind !== 'list') throw new Malformed(`repeats ${schema.name}.${slot.name}`)
    if (count > MAX_ELEMENTS)
      throw new Malformed(`has more than ${MAX_ELEMENTS} elements in ${schema.name}.${field.name}`)
    counts.set(slot, count)
    if (field.message) demand(field.message, reader.bytes())
    else if (wireType === WireType.LengthDelimited) reader.skip(wireType, number)
    // A parser keeps the lower 32 bits.
    else if (BigInt(reader.uint64()) > MAX_UINT32)
      throw new Malformed(`has more than 32 bits in ${schema.name}.${field.name}`)
  }
}

const MAX_UINT32 = 0xffff_ffffn

/** Clients send no numbers but `uint32`. */
function wireTypeOf({ scalar, fieldKind }: DescField): WireType {
  const isNumber = fieldKind === 'scalar' && scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES
  return isNumber ? WireType.Varint : WireType.LengthDelimited
}
