import { CODES } from '../../protocol/codes.ts'
import { PROBLEM_MEDIA_TYPE, type ProblemCode } from '../problem.ts'
import { type Content, contentObject, schemasOf } from './content.ts'
import type { Answer, Example, Operation } from './operation.ts'
import { codesOf, OF_ANY_REQUEST } from './problems.ts'

type Examples = Readonly<Record<string, Example>>

/** The headers that problems may have: name, meaning, and the statuses with which they come. */
const HEADERS: readonly (readonly [string, string, readonly number[]])[] = [
  ['WWW-Authenticate', 'What is wrong with the credential (RFC 6750 §3).', [401, 403]],
  ['Allow', 'The methods that the path takes.', [405]],
  ['Retry-After', 'Seconds after which to try again.', [429, 503]],
]

/** The answer to whatever request, also one to a path that is not there. */
export const REFUSED: object = refusal(OF_ANY_REQUEST, {})

/** Responses object (OpenAPI 3.1 §4.8.16): what went well, then problem documents, by status. */
export function responses(operation: Operation): object {
  const { answers, examples = {} } = operation
  const codes = codesOf(operation)
  const statuses = [...new Set(codes.map((code) => CODES[code].status))].sort()
  return {
    ...Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, success(Number(status), answer, examples)]),
    ),
    ...Object.fromEntries(
      statuses.map((status) => {
        const some = codes.filter((code) => CODES[code].status === status)
        return [status, refusal(some, having(status, examples))]
      }),
    ),
    default: { $ref: '#/components/responses/Refused' },
  }
}

function success(status: number, { description, headers, content }: Answer, examples: Examples): object {
  return {
    description,
    ...(headers && { headers: headerObjects(Object.entries(headers)) }),
    ...(content && { content: answered(schemasOf(content, 'output'), having(status, examples)) }),
  }
}

function refusal(codes: readonly ProblemCode[], examples: Examples): object {
  const meanings = codes.map((code) => {
    const { status, title, action } = CODES[code]
    return `- ${status} \`${code}\`: ${title}. ${action}`
  })
  const statuses = codes.map((code): number => CODES[code].status)
  const headers = HEADERS.filter(([, , theirs]) => statuses.some((status) => theirs.includes(status)))
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }],
  }
  return {
    description: `Refused:\n${meanings.join('\n')}`,
    headers: headerObjects(headers),
    content: answered({ [PROBLEM_MEDIA_TYPE]: schema }, examples),
  }
}

function headerObjects(
  headers: readonly (readonly [name: string, description: string, ...unknown[]])[],
): object {
  return Object.fromEntries(
    headers.map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

function having(status: number, examples: Examples): Examples {
  return Object.fromEntries(Object.entries(examples).filter(([, { answer }]) => answer.status === status))
}

function answered(content: Content, examples: Examples): object {
  return contentObject(content, examples, ({ answer }) => answer)
}
