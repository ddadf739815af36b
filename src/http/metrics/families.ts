import { by, type Family, one } from './family.ts'

const TRANSPORT = { transport: '`websocket`, `sse`, `long-poll`' }
const GAP_REASON = { reason: '`retention`, `epoch`' }
const CODE = 'a code of PROTOCOL.md'

/** Streams: who is there, who comes and goes. */
const STREAMS: readonly Family[] = [
  {
    name: 'tidings_connections',
    type: 'gauge',
    help: 'Streams open now: with everything, behind, or waiting for a connection that takes no more bytes.',
    labels: { ...TRANSPORT, state: '`live`, `catching-up`, `blocked`' },
    read: ({ paces }) => Object.entries(paces).flatMap(([state, of]) => by('transport', of, { state })),
  },
  {
    name: 'tidings_connections_opened_total',
    type: 'counter',
    help: 'Streams opened; each long-poll is one.',
    labels: TRANSPORT,
    read: ({ stats }) => by('transport', stats.opened),
  },
  {
    name: 'tidings_connections_closed_total',
    type: 'counter',
    help: 'Streams ended: by the service with a code (`heartbeat-unanswered`, `draining` …), by an answer, by a peer that took no bytes, or by the client or the network.',
    labels: { ...TRANSPORT, reason: `${CODE}, \`answered\`, \`stalled\`, \`gone\`` },
    read: ({ stats }) =>
      Object.entries(stats.closed).flatMap(([transport, of]) => by('reason', of, { transport })),
  },
  {
    name: 'tidings_backpressure_total',
    type: 'counter',
    help: 'Times that a slow subscriber could take no more and fell back to its cursor.',
    labels: TRANSPORT,
    read: ({ stats }) => by('transport', stats.filled),
  },
  {
    name: 'tidings_fallbacks_total',
    type: 'counter',
    help: 'Better transports that clients could not have, as they report in `via`: no `ready` in time, or an end before.',
    labels: { transport: '`websocket`, `sse`', cause: '`silent`, `failed`' },
    read: ({ stats }) =>
      Object.entries(stats.fallbacks).map(([fallback, value]) => {
        const [transport = '', cause = ''] = fallback.split('.')
        return { labels: { transport, cause }, value }
      }),
  },
  {
    name: 'tidings_resume_distance_notifications',
    type: 'histogram',
    help: "How far behind the log's head a cursor was that a client came with.",
    labels: TRANSPORT,
    read: ({ stats }) => by('transport', stats.resumeDistance),
  },
]

/** Notifications: in, and out. */
const NOTIFICATIONS: readonly Family[] = [
  {
    name: 'tidings_published_total',
    type: 'counter',
    help: 'Notifications stored by publishes here, without duplicates.',
    read: ({ stats }) => one(stats.published),
  },
  {
    name: 'tidings_published_bytes_total',
    type: 'counter',
    help: 'Bytes of their data.',
    read: ({ stats }) => one(stats.publishedBytes),
  },
  {
    name: 'tidings_duplicates_total',
    type: 'counter',
    help: 'Notifications published again, and not stored again.',
    read: ({ stats }) => one(stats.duplicates),
  },
  {
    name: 'tidings_append_duration_seconds',
    type: 'histogram',
    help: 'Time until what one request published was durable.',
    read: ({ stats }) => one(stats.appendSeconds),
  },
  {
    name: 'tidings_delivered_total',
    type: 'counter',
    help: 'Notifications handed to subscribers, once for each.',
    labels: TRANSPORT,
    read: ({ stats }) => by('transport', stats.delivered),
  },
  {
    name: 'tidings_delivered_bytes_total',
    type: 'counter',
    help: 'Bytes of the writes that brought them, framing included.',
    labels: TRANSPORT,
    read: ({ stats }) => by('transport', stats.deliveredBytes),
  },
  {
    name: 'tidings_delivery_lag_seconds',
    type: 'histogram',
    help: 'From stored to written, for each notification to a subscriber that had everything before; what comes together has the lag of the oldest and last.',
    labels: TRANSPORT,
    read: ({ stats }) => by('transport', stats.lag),
  },
  {
    name: 'tidings_catch_up_reads_total',
    type: 'counter',
    help: 'Reads for subscribers that were behind.',
    labels: { source: '`window`, `log`' },
    read: ({ stats }) => by('source', { window: stats.windowReads, log: stats.logReads }),
  },
  {
    name: 'tidings_gaps_total',
    type: 'counter',
    help: 'Times that a subscriber was told of a gap.',
    labels: GAP_REASON,
    read: ({ stats }) => by('reason', stats.gaps),
  },
]

/** What is to be published later. */
const SCHEDULE: readonly Family[] = [
  {
    name: 'tidings_scheduled',
    type: 'gauge',
    help: "Notifications that wait to be published, on all instances; missing while the log can't be reached.",
    read: ({ scheduled }) => one(scheduled),
  },
  {
    name: 'tidings_scheduled_total',
    type: 'counter',
    help: 'Notifications that were scheduled here, without duplicates.',
    read: ({ stats }) => one(stats.scheduled),
  },
  {
    name: 'tidings_schedule_late_seconds',
    type: 'histogram',
    help: 'How much later than they were due this process has published scheduled notifications.',
    read: ({ stats }) => one(stats.scheduleLate),
  },
]

/** What was turned away. */
const REFUSALS: readonly Family[] = [
  {
    name: 'tidings_rejected_total',
    type: 'counter',
    help: 'Times that a limit was exceeded: too many streams, or something came too often.',
    labels: { limit: '`connections`, `connects`, `publishes`, `frames`, `subscribes`' },
    read: ({ stats }) => by('limit', stats.rejected),
  },
  {
    name: 'tidings_auth_failures_total',
    type: 'counter',
    help: 'Credentials that were missing, not good, or could not be judged.',
    labels: { reason: CODE },
    read: ({ stats }) => by('reason', stats.authFailures),
  },
]

/** The log, as this process sees it. */
const LOG: readonly Family[] = [
  {
    name: 'tidings_log_available',
    type: 'gauge',
    help: '1 while the log can be reached.',
    read: ({ bounds }) => one(bounds !== null),
  },
  {
    name: 'tidings_log_tail_lag_notifications',
    type: 'gauge',
    help: "How far what this process has seen is behind the log's head; missing while the log can't be reached.",
    read: ({ bounds, window }) => one(bounds && window ? Math.max(0, bounds.last - window.head) : undefined),
  },
  {
    name: 'tidings_log_tail_restarts_total',
    type: 'counter',
    help: 'Times that the tail was set up anew (`nats`): it was silent or not complete.',
    read: ({ logStats }) => one(logStats.tailRestarts),
  },
  {
    name: 'tidings_log_tail_resets_total',
    type: 'counter',
    help: 'Times that the tail could not go on where it was: retention was faster, or it is another log.',
    labels: GAP_REASON,
    read: ({ stats }) => by('reason', stats.tailResets),
  },
  {
    name: 'tidings_log_connects_total',
    type: 'counter',
    help: "Connections made to the log's server (`nats`), the first among them.",
    read: ({ logStats }) => one(logStats.connects),
  },
  {
    name: 'tidings_window_notifications',
    type: 'gauge',
    help: 'Notifications held in memory for those who come back.',
    read: ({ window }) => one(window?.length),
  },
  {
    name: 'tidings_window_bytes',
    type: 'gauge',
    help: 'Memory that they are reckoned to take.',
    read: ({ window }) => one(window?.weight),
  },
]

/** The process. */
const PROCESS: readonly Family[] = [
  {
    name: 'tidings_ready',
    type: 'gauge',
    help: '1 while `/readyz` is 200.',
    read: ({ ready }) => one(ready),
  },
  {
    name: 'tidings_draining',
    type: 'gauge',
    help: '1 while the process is being stopped: `tidings_connections` then says how many streams are left.',
    read: ({ draining }) => one(draining),
  },
]

/** Every metric of the service; those of the process and of Node.js come besides. */
export const FAMILIES: readonly Family[] = [
  ...STREAMS,
  ...NOTIFICATIONS,
  ...SCHEDULE,
  ...REFUSALS,
  ...LOG,
  ...PROCESS,
]
