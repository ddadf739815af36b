import type { OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'

/** What a request asks for, as a proxy on the way sees it; `plain` is everything else, long polls among it. */
export type AskedKind = 'websocket' | 'sse' | 'plain'

/** What a client gets in place of the service's answer. `silence`: nothing, ever. `reset`: the end of its connection. */
export type Answer =
  | 'silence'
  | 'reset'
  | { readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: string }

/** A request that has been passed on, and all that goes both ways for it, until it is over. */
export interface Passage {
  readonly kind: AskedKind
  /** Resets it on both sides. */
  cut(): void
  /** Calls `heard` at every piece of a body or of a WebSocket, either way. */
  onBytes(heard: () => void): void
  /** Calls `ended` when it is over. */
  onEnd(ended: () => void): void
}

/** One thing that a network does wrong. All parts may be missing; what no fault of a proxy touches passes as it is. */
export interface Fault {
  /** Speaks for the service; where it says nothing, perhaps after a while, the request is passed on. */
  answer?(kind: AskedKind): Answer | undefined | Promise<undefined>
  /** What the bytes to the client go through, behind the head of the answer. */
  down?(kind: AskedKind): Duplex | undefined
  /** What the bytes to the service go through, behind the upgrade. */
  up?(kind: AskedKind): Duplex | undefined
  /** Told of every passage when it begins. */
  begun?(passage: Passage): void
  /** Speaks HTTP/1.0: drops the upgrade, keeps no connection alive, ends a body by closing. */
  readonly isAncient?: boolean
}
