import type { KeySource } from './key-source.ts'

/** One secret for HS256, as UTF-8; at least 32 bytes (RFC 7518 §3.2). */
export function secretSource(secret: string): KeySource {
  const key = new TextEncoder().encode(secret)
  return { algorithms: ['HS256'], find: async () => key }
}
