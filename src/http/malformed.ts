import { Malformed } from '../format/malformed.ts'
import { Problem, type ProblemCode } from './problem.ts'

/**
 * What `read` returns.
 *
 * @param what is read, as the beginning of a sentence: "The JSON text"
 * @throws Problem `code` where that is Malformed
 */
export function refuseMalformed<Value>(code: ProblemCode, what: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof Malformed) throw new Problem(code, `${what} ${error.message}.`)
    throw error
  }
}
