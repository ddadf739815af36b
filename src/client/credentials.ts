import { NEVER } from './machine/timings.ts'

/** A token, or what fetches one: asked at the start, before the last one runs out, and when it was refused. */
export type TokenSource = string | (() => string | Promise<string>)

/** A token is replaced when this part of what it has left is over. */
const PART = 0.8
/** A token is not asked for more often than this, in milliseconds, however short its life or wrong the clock. */
const LEAST_MS = 5_000

/** How long `token` is to be used from `now` on, in milliseconds: by its claim `exp` (RFC 7519 §4.1.4), else for ever. Nothing is verified. */
export function usableFor(token: string, now: number): number {
  try {
    const claims = atob(`${token.split('.')[1]}`.replaceAll('-', '+').replaceAll('_', '/'))
    const left = JSON.parse(claims).exp * 1000 - now
    return Math.max(LEAST_MS, left * PART) || NEVER
  } catch {
    return NEVER
  }
}
