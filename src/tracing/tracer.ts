import { trace } from '@opentelemetry/api'

/** Makes spans where an OpenTelemetry SDK is installed in the process, and nothing otherwise. */
export const tracer = trace.getTracer('tidings')

/** What the spans have in common (OpenTelemetry's semantic conventions for messaging). */
export const MESSAGING = { 'messaging.system': 'tidings' }
