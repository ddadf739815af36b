import { setTimeout as pause } from 'node:timers/promises'
import { inBlocks, late, smallFramesOnly, swallow } from './bytes.ts'
import type { AskedKind, Fault } from './fault.ts'

const LOGIN_PAGE =
  '<!doctype html><title>Welcome</title><form>Room <input name="room"><button>Log in</button></form>'

/** Answers upgrades with `status` and a page. */
export function refuseUpgrade(status: number): Fault {
  const headers = { 'content-type': 'text/html' }
  const body = `<h1>${status}</h1>`
  return { answer: (kind) => (kind === 'websocket' ? { status, headers, body } : undefined) }
}

/** Never answers upgrades. */
export function ignoreUpgrade(): Fault {
  return { answer: (kind) => (kind === 'websocket' ? 'silence' : undefined) }
}

/** Passes on that the upgrade was accepted, and then no byte either way. */
export function muteWebSocket(): Fault {
  const mute = (kind: AskedKind) => (kind === 'websocket' ? swallow() : undefined)
  return { down: mute, up: mute }
}

/** Cuts WebSockets when they are `ms` milliseconds old. */
export function killWebSocket(ms: number): Fault {
  return cutAtAge('websocket', ms)
}

/** Cuts WebSockets on which no byte has gone either way for `ms` milliseconds. */
export function cutIdleWebSocket(ms: number): Fault {
  return {
    begun({ kind, cut, onBytes, onEnd }) {
      if (kind !== 'websocket') return
      const timer = setTimeout(cut, ms)
      onBytes(() => timer.refresh())
      onEnd(() => clearTimeout(timer))
    },
  }
}

/**
 * Swallows WebSocket frames above `bytes`, and what comes behind them: so it is where packets above the path's MTU get lost and the
 * word about it does, too, for TCP delivers nothing behind a hole.
 */
export function swallowLargeFrames(bytes: number): Fault {
  return { down: (kind) => (kind === 'websocket' ? smallFramesOnly(bytes) : undefined) }
}

/** Holds back the answer to a stream of Server-Sent Events, as what scans whole answers for viruses does. */
export function holdSse(): Fault {
  return { answer: (kind) => (kind === 'sse' ? 'silence' : undefined) }
}

/** Passes Server-Sent Events on in blocks of `bytes` only. */
export function blockSse(bytes: number): Fault {
  return { down: (kind) => (kind === 'sse' ? inBlocks(bytes) : undefined) }
}

/** Cuts streams of Server-Sent Events when they are `ms` milliseconds old. */
export function cutSse(ms: number): Fault {
  return cutAtAge('sse', ms)
}

/** Cuts requests that are not done with after `ms` milliseconds. */
export function cutLongPoll(ms: number): Fault {
  return cutAtAge('plain', ms)
}

/** Lets nothing through at all. */
export function down(): Fault {
  return { answer: () => 'reset' }
}

/** Brings every byte from the service `ms` milliseconds late. */
export function delay(ms: number): Fault {
  return { answer: () => pause(ms, undefined), down: () => late(ms) }
}

/** Answers everything with a page to log in at, as hotels do. */
export function loginPage(): Fault {
  return { answer: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: LOGIN_PAGE }) }
}

/** Speaks HTTP/1.0. */
export function ancient(): Fault {
  return { isAncient: true }
}

function cutAtAge(its: AskedKind, ms: number): Fault {
  return {
    begun({ kind, cut, onEnd }) {
      if (kind !== its) return
      const timer = setTimeout(cut, ms)
      onEnd(() => clearTimeout(timer))
    },
  }
}
