import { MAX_ITEMS } from '../../protocol/publish.ts'
import { parseJson } from '../json.ts'
import { Problem } from '../problem.ts'
import { batch, type Items, single } from './items.ts'

/** `application/json`: an item, or an array of them. */
export function decodeJson(body: Buffer): Items {
  const value = parseBody(body)
  return Array.isArray(value) ? batch(value) : single(value)
}

/** `application/x-ndjson`: one item a line. Lines with nothing but white space count for nothing: the last one often is empty. */
export function decodeLines(body: Buffer): Items {
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

/** Reads a body that is one JSON text. Throws Problem `bad-json`. */
export function parseBody(body: Buffer): unknown {
  if (body.length === 0) throw new Problem('bad-json', 'The body is empty.')
  return parseJson(body)
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
