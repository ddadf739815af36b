import type { Socket, SocketConstructor } from '../client/platform.ts'
import type { TransportKind } from '../protocol/messages.ts'

/** What can be blocked: one transport, which then hangs as behind a bad firewall, or everything, which fails as without a network. */
export type Blockable = TransportKind | 'network'

/** How an attempt ended: the client closed it, this tab's switches cut it, or the way to the service did something. */
export type Ending =
  | { readonly by: 'client' }
  | { readonly by: 'block' }
  | { readonly by: 'close'; readonly code: number }
  | { readonly by: 'answer'; readonly status: number }
  | { readonly by: 'failure' }

/** What is seen of the client's attempts on their way. */
export interface NetworkEvents {
  /** An attempt begins, one that is blocked in vain; returns its id. */
  began(transport: TransportKind, isBlocked: boolean): number
  /** The other side has answered, which is not `ready` yet. */
  answered(id: number): void
  /** It is over. Called once. */
  ended(id: number, ending: Ending): void
}

/** What the browser has. */
interface Surroundings {
  readonly fetch: typeof fetch
  readonly WebSocket: SocketConstructor
}

/** A network that can be watched and blocked: what it has is given to the SDK in place of the browser's. */
export interface Network {
  readonly fetch: typeof fetch
  readonly WebSocket: new (url: string, protocols: string[]) => Socket
  /** Blocks or unblocks; blocking cuts what is open. */
  block(what: Blockable, isBlocked: boolean): void
}

interface Open {
  readonly transport: TransportKind
  cut(): void
}

const [CONNECTING, CLOSED] = [0, 3]

/** RFC 6455 §7.1.5: what a browser says of a connection that has ended without a word. */
const ABNORMAL = 1006

/** Stands between the SDK and the browser's own `fetch` and `WebSocket`. */
export function openNetwork(own: Surroundings, events: NetworkEvents): Network {
  const blocked = new Set<Blockable>()
  const open = new Map<number, Open>()
  /** the attempt that the long polls belong to */
  let polling = 0

  const isBlocked = (what: Blockable): boolean => blocked.has(what) || blocked.has('network')

  function end(id: number, ending: Ending): void {
    if (open.delete(id)) events.ended(id, ending)
  }

  class WatchedSocket implements Socket {
    readyState = CONNECTING
    onmessage: Socket['onmessage'] = null
    onclose: Socket['onclose'] = null
    onerror: Socket['onerror'] = null
    readonly #id: number
    readonly #inner: Socket | undefined

    constructor(url: string, protocols: string[]) {
      this.#id = events.began('websocket', isBlocked('websocket'))
      open.set(this.#id, { transport: 'websocket', cut: () => this.#cut() })
      if (blocked.has('network')) setTimeout(() => this.#cut())
      if (isBlocked('websocket')) return
      const inner = new own.WebSocket(url, protocols) as Socket
      this.#inner = inner
      inner.onmessage = (event) => {
        // The first that comes is the service's word; that a socket has opened is not.
        if (this.readyState === CONNECTING) events.answered(this.#id)
        this.readyState = inner.readyState
        this.onmessage?.(event)
      }
      inner.onclose = ({ code }) => this.#closed({ by: 'close', code }, code)
    }

    send(text: string): void {
      this.#inner?.send(text)
    }

    close(): void {
      this.readyState = CLOSED
      end(this.#id, { by: 'client' })
      this.#inner?.close()
    }

    #cut(): void {
      if (this.readyState !== CLOSED) this.#closed({ by: 'block' }, ABNORMAL)
      this.#inner?.close()
    }

    #closed(ending: Ending, code: number): void {
      if (this.readyState === CLOSED) return
      this.readyState = CLOSED
      end(this.#id, ending)
      this.onclose?.({ code })
    }
  }

  const watchedFetch: typeof fetch = async (input, init = {}) => {
    const { searchParams } = new URL(`${input}`)
    const transport = searchParams.get('transport') as TransportKind | null
    if (!transport) {
      // The SDK's own question whether the service can be reached at all.
      if (blocked.has('network')) throw new TypeError('blocked in this tab')
      return own.fetch(input, init)
    }
    const ours = new AbortController()
    const signal = AbortSignal.any([ours.signal, ...(init.signal ? [init.signal] : [])])
    const isNextPoll = transport === 'long-poll' && searchParams.get('wait') !== '0' && open.has(polling)
    const id = isNextPoll ? polling : events.began(transport, isBlocked(transport))
    open.set(id, {
      transport,
      cut() {
        end(id, { by: 'block' })
        ours.abort()
      },
    })
    if (transport === 'long-poll') polling = id
    const gone = () => end(id, { by: 'client' })
    const failed = () => end(id, { by: 'failure' })
    signal.addEventListener('abort', gone)
    if (blocked.has('network')) open.get(id)?.cut()
    try {
      const response = await (isBlocked(transport)
        ? untilAborted(signal)
        : own.fetch(input, { ...init, signal }))
      if (!response.ok) end(id, { by: 'answer', status: response.status })
      else events.answered(id)
      if (transport !== 'sse' || !response.body) return response
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      void response.body.pipeTo(writable).then(failed, failed)
      return new Response(readable, response)
    } catch (error) {
      failed()
      throw error
    } finally {
      // Of the polls that follow each other only the last is to be heard of.
      if (transport === 'long-poll') signal.removeEventListener('abort', gone)
    }
  }

  return {
    fetch: watchedFetch,
    WebSocket: WatchedSocket,
    block(what, isOn) {
      if (!isOn) {
        blocked.delete(what)
        return
      }
      blocked.add(what)
      for (const { transport, cut } of [...open.values()]) if (what === 'network' || transport === what) cut()
    },
  }
}

/** Never answers: a proxy that keeps everything to itself. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
  })
}
