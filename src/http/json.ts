import { isUtf8 } from 'node:buffer'
import { Malformed } from '../format/malformed.ts'
import { countMembers, MAX_DEPTH } from '../format/members.ts'
import { refuseMalformed } from './malformed.ts'

/**
 * Reads a JSON text strictly, as I-JSON (RFC 7493): what is accepted here, every client's parser reads alike.
 *
 * @param bytes UTF-8, without a byte order mark
 * @throws Problem `bad-json` also for repeated member names, lone surrogates, numbers beyond a double, members that poison
 *   prototypes, and more than MAX_DEPTH levels
 */
export function parseJson(bytes: Buffer): unknown {
  return refuseMalformed('bad-json', 'The JSON text', () => parse(bytes))
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new Malformed('is not UTF-8')
  const colons = scan(bytes)
  const value = parseText(bytes.toString())
  // Of a repeated name JSON.parse keeps the last member only.
  if (countMembers(value) !== colons) throw new Malformed('repeats a member name')
  return value
}

/**
 * Counts the colons outside strings: one for each member, if the text is JSON.
 *
 * Looks for too many levels before JSON.parse does: it would build millions of them, for most of a second, without complaint.
 * (No byte of a longer UTF-8 sequence is one of those looked for.)
 */
function scan(bytes: Buffer): number {
  let colons = 0
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === 0x5c /* \ */) i++
      else if (byte === 0x22 /* " */) inString = false
    } else if (byte === 0x22 /* " */) inString = true
    else if (byte === 0x3a /* : */) colons++
    else if (byte === 0x7b /* { */ || byte === 0x5b /* [ */) {
      if (++depth > MAX_DEPTH) throw new Malformed(`has more than ${MAX_DEPTH} levels`)
    } else if (byte === 0x7d /* } */ || byte === 0x5d /* ] */) depth--
  }
  return colons
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Malformed(`can not be parsed: ${(error as SyntaxError).message}`)
  }
}
