import { answerTimeout, type Target } from './call.ts'
import { PublishError } from './error.ts'
import type { Pending } from './pending.ts'
import { post } from './post.ts'
import { persist } from './retry.ts'

/**
 * Publishes a batch in order, in one request if the service takes it so, and settles all of it. Never throws.
 * @param deadline no try begins after it, but the first; by `performance.now()`
 */
export async function publishBatch(
  target: Target,
  batch: readonly Pending[],
  deadline: number,
): Promise<void> {
  const signal = abandonment(batch)
  let sent: readonly Pending[] = []
  const attempt = async () => {
    sent = batch.filter(({ isOver }) => !isOver)
    if (sent.length === 0) return []
    const lines = sent.map(({ line }) => line)
    return post(target, lines, AbortSignal.any([signal, answerTimeout(deadline)]))
  }
  try {
    const published = await persist(attempt, { deadline, signal })
    for (const [index, outcome] of published.entries()) sent[index]?.resolve(outcome)
  } catch (error) {
    for (const part of refused(error, sent)) await publishBatch(target, part, deadline)
  }
}

/** Aborted when nobody waits for any of a batch any more. */
function abandonment(batch: readonly Pending[]): AbortSignal {
  const controller = new AbortController()
  for (const pending of batch) {
    pending.onGiveUp = () => {
      if (batch.every(({ isOver }) => isOver)) controller.abort()
    }
  }
  return controller.signal
}

/**
 * Rejects those that are to blame for it that a request failed, or all of them when nobody is.
 *
 * The service stores all of a request or nothing (PROTOCOL P-16), and one bad notification must not cost those which chance has put beside it.
 * @returns the others, as they are to be sent again: in halves, when together they were too much
 */
function refused(error: unknown, sent: readonly Pending[]): readonly (readonly Pending[])[] {
  if (error instanceof PublishError && error.status === 413 && sent.length > 1) {
    const half = sent.length >> 1
    return [sent.slice(0, half), sent.slice(half)]
  }
  const blamed = error instanceof PublishError ? blame(error, sent) : new Map<Pending, PublishError>()
  for (const [pending, itsError] of blamed) pending.reject(itsError)
  if (blamed.size > 0) return [sent.filter(({ isOver }) => !isOver)]
  for (const pending of sent) pending.reject(error)
  return []
}

/** Those that details point at, `/<index>/<member>`, each with its own of them. */
function blame(error: PublishError, sent: readonly Pending[]): Map<Pending, PublishError> {
  const { code, message, status } = error
  const blamed = new Map<Pending, PublishError>()
  for (const { pointer, detail } of error.details) {
    const [, index, ...path] = pointer.split('/')
    const pending = sent[Number(index)]
    if (!pending) continue
    const own = { pointer: path.map((step) => `/${step}`).join(''), detail }
    const details = [...(blamed.get(pending)?.details ?? []), own]
    blamed.set(pending, new PublishError(code, message, { ...(status !== undefined && { status }), details }))
  }
  return blamed
}
