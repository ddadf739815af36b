import { z } from 'zod'
import { CODES, type ErrorCode } from '../../protocol/codes.ts'
import type { ProblemDetail } from '../../protocol/problem.ts'
import type { ProblemCode, ProblemDocument } from '../problem.ts'
import type { Access, Operation } from './operation.ts'
import { type JsonSchema, jsonSchema, type Shape } from './schema.ts'

const problemDetail = z.strictObject({
  pointer: z.string().describe('JSON pointer (RFC 6901) into the body; for a query, `/` and the name.'),
  detail: z.string().describe('What is wrong there.'),
} satisfies Shape<ProblemDetail>)

const problemDocument = z
  .strictObject({
    type: z.string().describe('`urn:tidings:error:` and the code.'),
    title: z.string().describe('The same at every occurrence of the code.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What happened this time.'),
    code: z
      .enum((Object.keys(CODES) as ErrorCode[]).filter(isProblemCode))
      .describe('What to go by: its meaning never changes.'),
    errors: z.array(problemDetail).exactOptional().describe('What in the request is wrong, one by one.'),
  } satisfies Shape<ProblemDocument>)
  .describe('Why a request was refused (RFC 9457).')

/** Schema of a problem document. */
export const PROBLEM: JsonSchema = jsonSchema(problemDocument, 'output')

function isProblemCode(code: ErrorCode): code is ProblemCode {
  return 'status' in CODES[code]
}

/** What can become of every request, whatever its path: it is not said again of each operation. */
export const OF_ANY_REQUEST: readonly ProblemCode[] = [
  'bad-request',
  'not-found',
  'method-not-allowed',
  'request-timeout',
  'too-large',
  'expectation-failed',
  'host-refused',
  'headers-too-large',
  'internal',
]

const OF_CREDENTIALS: readonly ProblemCode[] = [
  'bad-query',
  'unauthenticated',
  'token-invalid',
  'token-expired',
  'token-revoked',
  'origin-refused',
  'log-unavailable',
  'keys-unavailable',
]

/** For who makes the request. */
const OF_ACCESS: Readonly<Record<Access, readonly ProblemCode[]>> = {
  everyone: [],
  credential: OF_CREDENTIALS,
  admin: [...OF_CREDENTIALS, 'forbidden'],
}

/** What the operation may be refused with, beyond what every request may. */
export function codesOf({ access, problems = [] }: Operation): ProblemCode[] {
  return [...new Set([...OF_ACCESS[access], ...problems])]
}
