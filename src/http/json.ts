import { isUtf8 } from 'node:buffer'
import { Problem } from './problem.ts'

/** The most levels of arrays and objects that a JSON text may have. */
export const MAX_JSON_DEPTH = 64

/**
 * Reads a JSON text strictly, as I-JSON (RFC 7493): what is accepted here, every client's parser reads alike.
 *
 * @param bytes UTF-8, without a byte order mark
 * @throws Problem `bad-json` also for repeated member names, lone surrogates, numbers beyond a double, members that poison
 *   prototypes, and more than MAX_JSON_DEPTH levels
 */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw badJson('is not UTF-8')
  const colons = scan(bytes)
  const value = parse(bytes.toString())
  // Of a repeated name JSON.parse keeps the last member only.
  if (checkedMembers(value) !== colons) throw badJson('repeats a member name')
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
      if (++depth > MAX_JSON_DEPTH) throw badJson(`has more than ${MAX_JSON_DEPTH} levels`)
    } else if (byte === 0x7d /* } */ || byte === 0x5d /* ] */) depth--
  }
  return colons
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badJson(`can not be parsed: ${(error as SyntaxError).message}`)
  }
}

/** Refuses what JSON.parse lets pass in `value` and all that is in it, and counts the members of all its objects. */
function checkedMembers(value: unknown): number {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw badJson('has a lone surrogate in a string')
    return 0
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badJson('has a number that no double can hold')
    return 0
  }
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const element of value) members += checkedMembers(element)
    return members
  }
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name]
    if (!name.isWellFormed()) throw badJson('has a lone surrogate in a member name')
    if (poisons(name, member)) throw badJson(`has a member \`${name}\` that could poison a prototype`)
    members += 1 + checkedMembers(member)
  }
  return members
}

/** A copy of such an object, made member by member, would change the prototype of the copy or of all objects. */
function poisons(name: string, member: unknown): boolean {
  if (name === '__proto__') return true
  return (
    name === 'constructor' &&
    typeof member === 'object' &&
    member !== null &&
    Object.hasOwn(member, 'prototype')
  )
}

function badJson(what: string): Problem {
  return new Problem('bad-json', `The JSON text ${what}.`)
}
