import { parseJson } from './json.ts'
import { Problem } from './problem.ts'

/** The items of a publish, whatever format they came in: what each is has yet to be checked. */
export interface Items {
  readonly values: readonly unknown[]
  /** one of several, or alone; a lone item is the body itself, for pointers and for `Idempotency-Key` */
  readonly batch: boolean
}

/** Takes a body apart. Throws Problem `bad-json` or `bad-notification`. */
export type Decode = (body: Buffer) => Items

/** The most items in one request (contract §3). */
const MAX_ITEMS = 1000

/** The formats of a publish, by media type (contract §3). All of them are UTF-8. */
export const FORMATS: ReadonlyMap<string, Decode> = new Map([
  ['application/json', decodeJson],
  ['application/x-ndjson', decodeLines],
])

function decodeJson(body: Buffer): Items {
  if (body.length === 0) throw new Problem('bad-json', 'The body is empty.')
  const value = parseJson(body)
  return Array.isArray(value) ? batch(value) : { values: [value], batch: false }
}

/** One item a line. Lines with nothing but white space count for nothing: the last one often is empty. */
function decodeLines(body: Buffer): Items {
  const values: unknown[] = []
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf('\n', start)
    const end = newline === -1 ? body.length : newline
    const line = body.subarray(start, end)
    if (!isBlank(line)) values.push(parseLine(line, values.length))
    // Stops short of the end: of a body with a million lines, no more are parsed than it takes to refuse it.
    if (values.length > MAX_ITEMS) break
    start = end + 1
  }
  return batch(values)
}

const BLANK = new Set(Buffer.from(' \t\r'))

function isBlank(line: Buffer): boolean {
  return line.every((byte) => BLANK.has(byte))
}

function parseLine(line: Buffer, index: number): unknown {
  try {
    return parseJson(line)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const errors = [{ pointer: `/${index}`, detail: error.message }]
    throw new Problem(error.code, 'A line of the body is not well-formed JSON.', { errors })
  }
}

function batch(values: readonly unknown[]): Items {
  if (values.length >= 1 && values.length <= MAX_ITEMS) return { values, batch: true }
  const had = values.length === 0 ? 'none' : 'more'
  throw new Problem('bad-notification', `The body may have 1 to ${MAX_ITEMS} notifications, and has ${had}.`)
}
