import {
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { formatTraceparent, parseTraceparent } from '../protocol/traceparent.ts'
import { MESSAGING, tracer } from './tracer.ts'

const PRODUCER: SpanOptions = {
  kind: SpanKind.PRODUCER,
  attributes: { ...MESSAGING, 'messaging.operation.type': 'send' },
}

/** A publish under way. */
export interface PublishTrace {
  readonly span: Span
  /** to go with its notifications: of this span, or without an SDK the publisher's own; only when the publisher sent one */
  readonly traceparent: string | undefined
}

/**
 * Does `work` within a span of its own, below that of the publisher.
 * @param header `traceparent` as it was sent; one that is not valid is as good as none (W3C Trace Context §4.3)
 */
export async function tracePublish<Result>(
  header: string | undefined,
  work: (trace: PublishTrace) => Promise<Result>,
): Promise<Result> {
  const remote = header === undefined ? undefined : parseTraceparent(header)
  const within = parentOf(remote && trace.setSpanContext(context.active(), { ...remote, isRemote: true }))
  const span = tracer.startSpan('publish', PRODUCER, within)
  const traceparent = remote && formatTraceparent(span.spanContext())
  try {
    return await context.with(trace.setSpan(within, span), () => work({ span, traceparent }))
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
    throw error
  } finally {
    span.end()
  }
}

/** An instrumented HTTP server has a span of its own under way, which is below the publisher's already. */
function parentOf(remote: Context | undefined): Context {
  const active = context.active()
  return trace.getSpan(active) ? active : (remote ?? active)
}
