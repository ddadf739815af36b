import { isUtf8 } from 'node:buffer'
import { Unpackr } from 'msgpackr/unpack'
import { Malformed } from './malformed.ts'
import { countMembers, MAX_DEPTH } from './members.ts'

/** Whole numbers that no double can hold are rounded, as in JSON. */
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' })

/**
 * Reads a value of JSON that is written in MessagePack, as strictly as `parseJson` reads text.
 *
 * @throws Malformed also for binary and extension types, keys that are no strings, and what JSON may not have either
 */
export function unpack(bytes: Buffer): unknown {
  const entries = countEntries(bytes)
  const value: unknown = unpackr.unpack(bytes)
  // Of a repeated key the last entry only is kept.
  if (countMembers(value) !== entries) throw new Malformed('repeats a member name')
  return value
}

/**
 * The most arrays and maps of one value, which is a thousand in each item of the largest publish. An empty one has a byte here, a third
 * of what it has in JSON, and takes some sixty in memory.
 */
const MAX_OPENED = 1_000_000

type Kind = 'plain' | 'string' | 'array' | 'map'

/** By first byte: of what kind the value is, and how many bytes behind it are its number, or its length. Others are not in JSON. */
const HEADS: Readonly<Record<number, readonly [Kind, size: number]>> = {
  ...{ 192: ['plain', 0], 194: ['plain', 0], 195: ['plain', 0], 202: ['plain', 4], 203: ['plain', 8] },
  ...{ 204: ['plain', 1], 205: ['plain', 2], 206: ['plain', 4], 207: ['plain', 8] },
  ...{ 208: ['plain', 1], 209: ['plain', 2], 210: ['plain', 4], 211: ['plain', 8] },
  ...{ 217: ['string', 1], 218: ['string', 2], 219: ['string', 4] },
  ...{ 220: ['array', 2], 221: ['array', 4], 222: ['map', 2], 223: ['map', 4] },
}

/**
 * Walks through the bytes of one value, and counts the entries of its maps.
 *
 * msgpackr believes what it reads: an array is made as long as its length says before there is an element, and each level is a call.
 * Here nothing is made, and what it gets to read has been seen to be there.
 */
function countEntries(bytes: Buffer): number {
  /** the arrays and maps that are open: how many values have yet to come in each, in a map keys and values by turns */
  const open: { left: number; readonly isMap: boolean }[] = []
  let entries = 0
  let opened = 0
  let at = 0

  /** @returns where the `length` bytes begin that are passed */
  function pass(length: number): number {
    if (length > bytes.length - at) throw new Malformed('is cut short')
    at += length
    return at - length
  }

  /** @returns the kind of the value that begins here, and its length where it has one */
  function head(): [Kind, length: number] {
    const first = bytes.readUInt8(pass(1))
    if (first < 0x80 || first >= 0xe0) return ['plain', 0]
    if (first < 0x90) return ['map', first & 0x0f]
    if (first < 0xa0) return ['array', first & 0x0f]
    if (first < 0xc0) return ['string', first & 0x1f]
    const [kind, size] = HEADS[first] ?? []
    if (kind === undefined || size === undefined) throw new Malformed('has a type that is not in JSON')
    const start = pass(size)
    return [kind, kind === 'plain' ? 0 : bytes.readUIntBE(start, size)]
  }

  function value(isKey: boolean): void {
    const [kind, length] = head()
    if (isKey && kind !== 'string') throw new Malformed('has a key that is no string')
    if (kind === 'string') {
      const text = bytes.subarray(pass(length), at)
      if (!isUtf8(text)) throw new Malformed('has a string that is not UTF-8')
      // msgpackr would give it another name.
      if (isKey && text.equals(PROTO)) throw new Malformed('has a member `__proto__`')
    } else if (kind !== 'plain') {
      if (open.length === MAX_DEPTH) throw new Malformed(`has more than ${MAX_DEPTH} levels`)
      if (++opened > MAX_OPENED) throw new Malformed(`has more than ${MAX_OPENED} arrays and maps`)
      const isMap = kind === 'map'
      if (isMap) entries += length
      open.push({ left: isMap ? 2 * length : length, isMap })
    }
  }

  value(false)
  for (let inner = open.at(-1); inner; inner = open.at(-1)) {
    if (inner.left === 0) open.pop()
    else value(inner.left-- % 2 === 0 && inner.isMap)
  }
  if (at < bytes.length) throw new Malformed('goes on after its end')
  return entries
}

const PROTO = Buffer.from('__proto__')
