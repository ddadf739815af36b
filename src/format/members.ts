import { Malformed } from './malformed.ts'

/** The most levels of arrays and objects that a value may have. */
export const MAX_DEPTH = 64

/**
 * Refuses what parsers let pass in `value` and all that is in it though it is not I-JSON (RFC 7493): numbers that are none, lone
 * surrogates, and members that poison prototypes.
 *
 * @param value of at most MAX_DEPTH levels
 * @returns how many members its objects have. Parsers keep the last of those with the same name: where more were sent, a name was repeated
 * @throws Malformed
 */
export function countMembers(value: unknown): number {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new Malformed('has a lone surrogate in a string')
    return 0
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Malformed('has a number that no double can hold')
    return 0
  }
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const element of value) members += countMembers(element)
    return members
  }
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name]
    if (!name.isWellFormed()) throw new Malformed('has a lone surrogate in a member name')
    if (poisons(name, member)) throw new Malformed(`has a member \`${name}\` that could poison a prototype`)
    members += 1 + countMembers(member)
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
