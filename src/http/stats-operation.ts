import { z } from 'zod'
import type { Rated, Span, StatsDocument, Tally } from '../protocol/stats.ts'
import type { Operation } from './openapi/operation.ts'
import type { Shape } from './openapi/schema.ts'

const count = z.number().min(0)

const tally = z.strictObject({
  websocket: count,
  sse: count,
  'long-poll': count,
  all: count,
} satisfies Shape<Tally>)

function rated<Value>(value: z.ZodType<Value>) {
  return z.strictObject({ total: value, lastSecond: value, lastTenSeconds: value } satisfies Shape<
    Rated<Value>
  >)
}

const span = { floor: z.string(), head: z.string() } satisfies Shape<Span>

const figures = z.strictObject({
  workers: count.describe('Processes whose figures these are.'),
  uptime: count.describe('Seconds.'),
  draining: z.boolean().describe('It is being stopped.'),
  connections: tally.describe('Streams open now.'),
  published: rated(count).describe('Notifications stored, without duplicates.'),
  delivered: rated(tally).describe('Notifications handed to subscribers, once for each.'),
  catchUps: z
    .strictObject({ window: count, log: count } satisfies Shape<StatsDocument['catchUps']>)
    .describe('Reads for subscribers that were behind.'),
  gaps: count,
  rejected: z
    .strictObject({
      connections: count,
      connects: count,
      publishes: count,
      frames: count,
      subscribes: count,
    } satisfies Shape<StatsDocument['rejected']>)
    .describe('How often a limit was exceeded.'),
  window: z
    .strictObject({ notifications: count, bytes: count, ...span })
    .nullable()
    .describe('The newest notifications, in memory.'),
  log: z.strictObject(span).nullable().describe('What is kept.'),
} satisfies Shape<StatsDocument>)

/** What the route says of itself. */
export const STATS_OPERATION: Operation = {
  id: 'stats',
  tag: 'Operation',
  summary: "The instance's figures",
  description:
    'With `Accept: text/event-stream` they come as Server-Sent Events, at once and then once a second.',
  access: 'admin',
  answers: {
    200: {
      description: 'As they are now, or as they change.',
      content: { 'application/json': figures, 'text/event-stream': z.string() },
    },
  },
  problems: ['at-capacity'],
}
