import { z } from 'zod'

/** A query's parameter that is a whole number, of at most nine digits. */
export function wholeNumber(min: number, max: number) {
  const range = `must be a whole number from ${min} to ${max}`
  return z.preprocess(
    (text) => (typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : text),
    z
      .int({ error: ({ input }) => (Array.isArray(input) ? 'must be given once' : range) })
      .min(min, range)
      .max(max, range),
  )
}
