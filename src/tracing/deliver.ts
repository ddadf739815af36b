import { type Link, SpanKind } from '@opentelemetry/api'
import { parseTraceparent } from '../protocol/traceparent.ts'
import type { WatchDelivery } from '../stream/hub.ts'
import { MESSAGING, tracer } from './tracer.ts'

/** So many traces one span is linked to (OpenTelemetry's own limit); those after them are not mentioned. */
const MOST_LINKS = 128

/** One span for the delivery of what one turn of the event loop brought, linked to the publishes; none where none was traced. */
export const traceDelivery: WatchDelivery = (notifications, subscribers) => {
  if (subscribers === 0) return undefined
  const links: Link[] = []
  for (const { traceparent } of notifications) {
    if (traceparent === undefined || links.length === MOST_LINKS) continue
    const parent = parseTraceparent(traceparent)
    if (parent) links.push({ context: { ...parent, isRemote: true } })
  }
  if (links.length === 0) return undefined
  const span = tracer.startSpan('deliver', {
    kind: SpanKind.CONSUMER,
    root: true,
    links,
    attributes: {
      ...MESSAGING,
      'messaging.operation.type': 'process',
      'messaging.batch.message_count': notifications.length,
      'tidings.subscribers': subscribers,
    },
  })
  return () => span.end()
}
