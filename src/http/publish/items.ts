import { MAX_ITEMS } from '../../protocol/publish.ts'
import { Problem } from '../problem.ts'

/** The items of a publish, whatever format they came in: what each is has yet to be checked. */
export interface Items {
  readonly values: readonly unknown[]
  /** one of several, or alone; a lone item is the body itself, for pointers and for `Idempotency-Key` */
  readonly batch: boolean
}

/**
 * Takes a body apart.
 *
 * @param rawHeaders of the request, names and values by turns, as Node has them: a format may have a part of an item there
 * @throws Problem `bad-json`, `bad-msgpack`, `bad-protobuf` or `bad-notification`
 */
export type Decode = (body: Buffer, rawHeaders: readonly string[]) => Items

/** An item, or an array of them. Throws as `batch`. */
export function oneOrMore(value: unknown): Items {
  return Array.isArray(value) ? batch(value) : single(value)
}

/** One item, which is the body itself. */
export function single(value: unknown): Items {
  return { values: [value], batch: false }
}

/**
 * Several items.
 * @throws Problem `bad-notification` when there are none, or more than MAX_ITEMS
 */
export function batch(values: readonly unknown[]): Items {
  if (values.length >= 1 && values.length <= MAX_ITEMS) return { values, batch: true }
  const had = values.length === 0 ? 'none' : 'more'
  throw new Problem('bad-notification', `The body may have 1 to ${MAX_ITEMS} notifications, and has ${had}.`)
}
