import type { TransportKind } from '../protocol/messages.ts'
import type { TokenSource } from './credentials.ts'
import type { Timings } from './machine/timings.ts'
import { attempt, globals, type Platform } from './platform.ts'

/** A place for one cursor that outlives the page. */
export interface CursorStore {
  get(): string | null | undefined
  set(cursor: string): void
}

/** What a stream may be told. What it uses of its surroundings may be given too: `WebSocket` in Node 20, all of it in tests. */
export interface Options extends Partial<Platform> {
  /** names and patterns; may be empty, and changed later */
  readonly channels?: readonly string[]
  /** where to start: a cursor, or `earliest`; default: where `persist` has left off, else now */
  readonly cursor?: string
  /** sent as a bearer token; a function is asked again before the token's `exp`, and when it was refused */
  readonly token?: TokenSource
  /** those that may be used, best first; the last is the floor, which is never given up. Default: websocket, sse, long-poll */
  readonly transports?: readonly TransportKind[]
  /** closes the stream when aborted */
  readonly signal?: AbortSignal
  /** keeps the cursor over reloads; `true`: in sessionStorage, for these `channels` at this service */
  readonly persist?: boolean | CursorStore
  /** shares one connection between the tabs of this origin where the browser can: the default. A text names the group that shares. */
  readonly tabs?: boolean | string
  /** other times than the default ones */
  readonly timings?: Partial<Timings>
}

/** The service's address, to which paths can be added. Relative ones are the page's. */
export function baseOf(url: string | URL): URL {
  const base = new URL(url, globals.location?.href)
  base.pathname = base.pathname.replace(/\/?$/, '/')
  return base
}

/** Where the cursor is kept over reloads, if it is. */
export function cursorStoreOf({ persist, channels = [] }: Options, base: URL): CursorStore | undefined {
  if (typeof persist === 'object') return persist
  const storage = persist ? attempt(() => globals.sessionStorage) : undefined
  const key = `tidings:cursor:${base}:${[...channels].sort()}`
  return storage && { get: () => storage.getItem(key), set: (cursor) => storage.setItem(key, cursor) }
}
