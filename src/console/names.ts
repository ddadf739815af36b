import type { TransportKind } from '../protocol/messages.ts'

/** All transports, best first. */
export const TRANSPORTS: readonly TransportKind[] = ['websocket', 'sse', 'long-poll']

const NAMES: Readonly<Record<string, string>> = {
  websocket: 'WebSocket',
  sse: 'SSE',
  'long-poll': 'long polling',
}

/** What people call a transport, within a sentence. */
export function nameOf(transport: string): string {
  return NAMES[transport] ?? transport
}

/** The same at its beginning. */
export function titleOf(transport: string): string {
  const name = nameOf(transport)
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** "WebSocket", "WebSocket and SSE", "WebSocket, SSE and long polling". */
export function listOf(transports: readonly string[]): string {
  const names = transports.map(nameOf)
  const last = names.pop() ?? ''
  return names.length > 0 ? `${names.join(', ')} and ${last}` : last
}
