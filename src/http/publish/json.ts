import { MAX_ITEMS } from '../../protocol/publish.ts'
import { parseJson } from '../json.ts'
import { Problem } from '../problem.ts'
import { batch, type Items, oneOrMore } from './items.ts'

/** `application/json`: an item, or an array of them. */
export function decodeJson(body: Buffer): Items {
  return oneOrMore(parseBody(body))
}

/** `application/x-ndjson`: one item a line. Lines with nothing but white space count for nothing: the last one often is empty. */
export function decodeLines(body: Buffer): Items {
  const values: unknown[] = []
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf('\n', start)
    const end = newline === -1 ? body.length : newline
    const line = body.subarray(start, end)
    if (!isBlank(line)) values.push(parsePart(line, `/${values.length}`, 'A line of the body'))
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

/**
 * Reads a JSON text that is a part of a body.
 *
 * @param pointer to it, in the body
 * @param what it is, as the beginning of a sentence: "A line of the body"
 * @throws Problem `bad-json`
 */
export function parsePart(text: Buffer, pointer: string, what: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new Problem(error.code, `${what} is not well-formed JSON.`, {
      errors: [{ pointer, detail: error.message }],
    })
  }
}

const BLANK = new Set(Buffer.from(' \t\r'))

function isBlank(line: Buffer): boolean {
  return line.every((byte) => BLANK.has(byte))
}
