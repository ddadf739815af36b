import { z } from 'zod'
import type { Refusal } from './failure.ts'
import { retryAfterOf } from './retry.ts'

/** What is used of a problem document. Whoever answers need not be the service, and may mean something else by the same names. */
const problemSchema = z
  .object({
    code: z.string().optional().catch(undefined),
    detail: z.string().optional().catch(undefined),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).catch([]),
  })
  .catch({ errors: [] })

/** What an answer says that is no success; `code` and `detail` are `undefined` where it is not one of the service. */
export async function refusalOf(
  response: Response,
): Promise<Refusal & { readonly code: string | undefined; readonly detail: string | undefined }> {
  const { code, detail, errors } = problemSchema.parse(await response.json().catch(() => undefined))
  return { status: response.status, retryAfter: retryAfterOf(response), details: errors, code, detail }
}

/** Why there is no answer. `fetch` says no more than that it failed: what did is the cause. */
export function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message || String(Reflect.get(cause, 'code') ?? message) : message
}
