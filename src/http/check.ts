import type { z } from 'zod'
import type { ProblemDetail } from '../protocol/problem.ts'

/**
 * Checks a body, or a part of it.
 *
 * @param at JSON pointer of the part in the body
 * @param errors is given what is wrong with it, if anything
 * @returns `undefined` when something is
 */
export function check<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  at: string,
  errors: ProblemDetail[],
): Output | undefined {
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  for (const issue of checked.error.issues) {
    const pointer = at + toPointer(issue.path)
    if (issue.code === 'unrecognized_keys') {
      // One by one: there may be more of them than a call may have arguments.
      for (const key of issue.keys)
        errors.push({ pointer: pointer + toPointer([key]), detail: 'is not a member' })
    } else errors.push({ pointer, detail: issue.message })
  }
  return undefined
}

/** RFC 6901 §3 */
function toPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
