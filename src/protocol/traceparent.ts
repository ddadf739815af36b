/**
 * `traceparent` (W3C Trace Context, level 1, §3.2): which trace something belongs to, and which of its spans has caused it.
 *
 * Members: 32 hexadecimal digits, 16 hexadecimal digits, and 8 bits, of which the lowest says that the trace is recorded.
 */
export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

const FIELDS = /^([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Reads the text of a header.
 * @returns `undefined` when it is not valid, and so as good as none (§3.2.2.3, §4.3)
 */
export function parseTraceparent(text: string): TraceParent | undefined {
  const [, version, traceId, spanId, flags = '', more] = FIELDS.exec(text) ?? []
  if (!traceId || !spanId || version === 'ff') return undefined
  // A later version may have more fields behind those of this one, which has none.
  if (version === '00' && more !== undefined) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) }
}

/** The text of version 00. */
export function formatTraceparent({ traceId, spanId, traceFlags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
