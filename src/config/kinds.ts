import { z } from 'zod'

/** What operators are told about a setting: in the README's table, and when its value is refused. */
export interface Explanation {
  /** what it may be, to follow "it must be" */
  readonly expected: string
  /** what it does, with its unit */
  readonly meaning: string
  /** its value is never shown, not even a wrong one */
  readonly secret?: boolean
}

const explanations = z.registry<Explanation>()

/** Values come as text from the environment and as JSON from the file, so a number may be either. */
function wholeFromText(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
}

const BYTE_UNITS = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

function bytesFromText(value: unknown): unknown {
  const parts = typeof value === 'string' ? /^(\d{1,9}) ?(KiB|MiB|GiB)$/.exec(value) : null
  return parts ? Number(parts[1]) * BYTE_UNITS[parts[2] as keyof typeof BYTE_UNITS] : wholeFromText(value)
}

export function whole(min: number, max: number, byDefault: number, meaning: string) {
  return z
    .preprocess(wholeFromText, z.int().min(min).max(max))
    .prefault(byDefault)
    .register(explanations, { expected: `a whole number from ${min} to ${max}`, meaning })
}

export function bytes(min: string, max: string, byDefault: string, meaning: string) {
  const range = z
    .int()
    .min(Number(bytesFromText(min)))
    .max(Number(bytesFromText(max)))
  return z
    .preprocess(bytesFromText, range)
    .prefault(byDefault)
    .register(explanations, {
      expected: `a whole number of bytes, KiB, MiB or GiB from ${min} to ${max}`,
      meaning,
    })
}

export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  byDefault: Choice,
  meaning: string,
) {
  return z
    .enum(choices)
    .prefault(byDefault)
    .register(explanations, { expected: `one of ${choices.join(', ')}`, meaning })
}

export function text(expected: string, pattern: RegExp, byDefault: string, meaning: string) {
  return z.string().regex(pattern).prefault(byDefault).register(explanations, { expected, meaning })
}

/** Empty is as good as not set. */
export function secret(expected: string, pattern: RegExp, meaning: string) {
  return z.string().regex(pattern).prefault('').register(explanations, { expected, meaning, secret: true })
}

/** Lists are separated by commas in the environment, and JSON arrays, or the same text, in the file. */
function listFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return value === '' ? [] : value.split(',').map((part) => part.trim())
}

/** @param item what each may be, and `expected` says so; the value is a list, by default an empty one */
export function list<const Item extends string>(
  expected: string,
  item: z.ZodType<Item>,
  most: number,
  meaning: string,
) {
  return z
    .preprocess(listFromText, z.array(item).max(most).readonly())
    .prefault('')
    .register(explanations, { expected, meaning })
}

/** In the environment it is JSON text; in the file the same, or the array itself. */
function jsonFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** A JSON array, by default an empty one; it is never shown, for there may be secrets in it. */
export function records<Item>(expected: string, schema: z.ZodType<readonly Item[]>, meaning: string) {
  return z
    .preprocess(jsonFromText, schema)
    .prefault('[]')
    .register(explanations, { expected, meaning, secret: true })
}

/** What operators are told about a setting that one of the helpers above has made. */
export function explain(schema: z.ZodType): Explanation {
  const explanation = explanations.get(schema)
  if (!explanation) throw new Error('every setting is made by one of the helpers above, which explain it')
  return explanation
}
