/** What a socket of any WebSocket implementation has, as far as it is used here. */
export interface Socket {
  readonly readyState: number
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  onerror: ((event: unknown) => void) | null
  send(text: string): void
  close(): void
}

/**
 * A WebSocket implementation: the browser's, or in Node for example that of the package `ws`. Each types its events in its own way, so
 * that what is asked of them here, which is `Socket`, is not said to the compiler.
 */
export type SocketConstructor = new (
  url: string,
  protocols: string[],
) => Pick<Socket, 'readyState' | 'send' | 'close'>

/** A place for a few strings, such as `localStorage`. */
export interface Storage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** What Web Locks are used for here: to hold `name` until the promise that `hold` returns is settled. */
export interface Locks {
  request(name: string, options: { signal: AbortSignal }, hold: () => Promise<void>): Promise<void>
}

/** A channel between the tabs of one origin. */
export interface TabChannel {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage(message: unknown): void
  close(): void
}

/** What the client uses of its surroundings, of which parts may be missing. */
export interface Platform {
  readonly fetch: typeof fetch
  /** without one, `websocket` is left out; Node has it from version 22 on */
  readonly WebSocket: SocketConstructor | undefined
  /** where to keep what transport works; default: localStorage */
  readonly storage: Storage | undefined
  readonly locks: Locks | undefined
  readonly openChannel: ((name: string) => TabChannel) | undefined
  /** milliseconds since 1970 */
  now(): number
  /** Calls `run` once after `ms` milliseconds; returns what calls it off. */
  after(ms: number, run: () => void): () => void
  /** a number from [0, 1) */
  random(): number
}

/** What can be listened to; in Node it is not. */
interface Target {
  addEventListener?(type: string, listener: () => void, options: { signal: AbortSignal }): void
}

/** The globals that browsers have, and Node in part or not. */
interface Globals extends Target {
  readonly WebSocket?: SocketConstructor
  readonly BroadcastChannel?: new (name: string) => TabChannel
  readonly navigator?: { readonly locks?: Locks; readonly connection?: Target }
  readonly document?: Target
  readonly location?: { readonly href: string }
  readonly localStorage?: Storage
  readonly sessionStorage?: Storage
}

export const globals: Globals = globalThis as object

/** Does what may be forbidden or fail for want of room, as storing things may: then it is `undefined`. */
export function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** The surroundings as they are. Node's locks and channels don't count: there are no tabs. */
export function surroundings(): Platform {
  const { WebSocket, BroadcastChannel, document, navigator } = globals
  return {
    fetch: fetch.bind(globals),
    WebSocket,
    storage: attempt(() => globals.localStorage),
    locks: document && navigator?.locks,
    openChannel: BroadcastChannel && ((name) => new BroadcastChannel(name)),
    now: Date.now,
    random: Math.random,
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
  }
}

/** Calls `changed` whenever the network may be another: on- or offline, another link, or the page is seen again, or no longer. */
export function onNetworkChange(changed: () => void, options: { signal: AbortSignal }): void {
  const { document, navigator } = globals
  const events = {
    online: globals,
    offline: globals,
    change: navigator?.connection,
    visibilitychange: document,
  }
  for (const [type, target] of Object.entries(events)) target?.addEventListener?.(type, changed, options)
}
