import { z } from 'zod'
import { msgpack } from '../../format/msgpack.ts'
import { protobuf } from '../../format/protobuf.ts'
import { MAX_ITEMS, type PublishAnswer, type Published, type Scheduled } from '../../protocol/publish.ts'
import type { Operation } from '../openapi/operation.ts'
import type { Shape } from '../openapi/schema.ts'
import { eventSchema } from './event.ts'
import { itemSchema, notificationId } from './item.ts'

const headers = z.object({
  'Idempotency-Key': notificationId
    .optional()
    .describe('The `id` of a notification that has none; in a batch with `:N`, its index.'),
  traceparent: z.string().optional().describe('Goes with every notification (W3C Trace Context).'),
  'ce-specversion': z
    .literal('1.0')
    .optional()
    .describe('Binary mode of CloudEvents: each attribute is a header `ce-…`, the body is the data.'),
  'ce-id': z.string().optional(),
  'ce-source': z.string().optional(),
  'ce-type': z.string().optional(),
  'ce-subject': z.string().optional().describe('The channel, where there is no `ce-channel`.'),
})

const published = z.strictObject({
  id: z.string(),
  channel: z.string(),
  cursor: z.string(),
  duplicate: z.boolean(),
} satisfies Shape<Published>)

const scheduled = z.strictObject({
  id: z.string(),
  channel: z.string(),
  at: z.iso.datetime({ precision: 3 }).describe('When, in UTC.'),
  state: z.enum(['scheduled', 'published', 'cancelled']).describe('How that stands by now.'),
  cursor: z.string().exactOptional().describe('Once it has been published.'),
  duplicate: z.boolean(),
}) satisfies z.ZodType<Scheduled>

const answer = z.strictObject({
  notifications: z.array(z.union([published, scheduled])),
}) satisfies z.ZodType<PublishAnswer>

const SHIPPED = { channel: 'user:42', type: 'order.shipped', id: 'order-7-shipped', data: { order: 7 } }
const EVENT = { specversion: '1.0', source: '/shop', type: 'order.shipped', subject: 'user:42' }
const LINES = ['{"channel":"user:42","data":"first"}', '{"channel":"user:43","data":"second"}', '']

/** What the route says of itself, where notifications may last for `retentionSeconds`. */
export function publishOperation(retentionSeconds: number): Operation {
  const item = itemSchema(retentionSeconds, Date.now)
  const items = z.union([item, z.array(item).min(1).max(MAX_ITEMS)])
  const content = { 'application/json': answer }
  return {
    id: 'publish',
    tag: 'Notifications',
    summary: 'Publish notifications',
    description:
      'All are checked before any is stored. The same again, by channel and id, is stored once within the idempotency window: whoever got no answer sends it again.',
    access: 'credential',
    headers,
    body: {
      'application/json': items,
      'application/x-ndjson': z.string().describe(`One such object a line, 1 to ${MAX_ITEMS}.`),
      [msgpack.mediaType]: items.describe('The same values in MessagePack.'),
      [protobuf.mediaType]: z.string().describe('A `Publish` of `tidings.proto`.'),
      'application/cloudevents+json': eventSchema,
      'application/cloudevents-batch+json': z.array(eventSchema).min(1).max(MAX_ITEMS),
      'text/plain': z.string().describe('As every other type: the data of an event in binary mode.'),
    },
    answers: {
      201: { description: 'They are durable.', content },
      202: { description: 'Some are scheduled, and will be published at their time.', content },
      200: { description: 'They were durable before: all are duplicates.', content },
    },
    problems: [
      'bad-json',
      'bad-msgpack',
      'bad-protobuf',
      'bad-notification',
      'bad-idempotency-key',
      'forbidden',
      'too-large',
      'unsupported-media-type',
      'too-many-requests',
      'log-unavailable',
      'too-many-scheduled',
    ],
    examples: {
      one: {
        summary: 'One notification',
        body: { type: 'application/json', value: SHIPPED },
        answer: stored(201, [{ id: SHIPPED.id, channel: 'user:42', cursor: 'k2v9x0-7', duplicate: false }]),
      },
      again: {
        summary: 'The same again',
        body: { type: 'application/json', value: SHIPPED },
        answer: stored(200, [{ id: SHIPPED.id, channel: 'user:42', cursor: 'k2v9x0-7', duplicate: true }]),
      },
      several: {
        summary: 'Several, on several channels, with a key for all',
        headers: { 'Idempotency-Key': 'import-3' },
        body: {
          type: 'application/json',
          value: [
            { channels: ['user:42', 'user:43'], data: 'Hello' },
            { channel: 'news', data: 'Goodbye', ttl: Math.min(60, retentionSeconds) },
          ],
        },
        answer: stored(201, [
          { id: 'import-3:0', channel: 'user:42', cursor: 'k2v9x0-8', duplicate: false },
          { id: 'import-3:0', channel: 'user:43', cursor: 'k2v9x0-9', duplicate: false },
          { id: 'import-3:1', channel: 'news', cursor: 'k2v9x0-a', duplicate: false },
        ]),
      },
      lines: {
        summary: 'One a line',
        headers: { 'Idempotency-Key': 'import-4' },
        body: { type: 'application/x-ndjson', value: LINES.join('\n') },
        answer: stored(201, [
          { id: 'import-4:0', channel: 'user:42', cursor: 'k2v9x0-b', duplicate: false },
          { id: 'import-4:1', channel: 'user:43', cursor: 'k2v9x0-c', duplicate: false },
        ]),
      },
      later: {
        summary: 'One to be published later',
        body: {
          type: 'application/json',
          value: { channel: 'user:42', id: 'reminder', data: 'Still there?', delay: retentionSeconds },
        },
        answer: stored(202, [
          {
            ...{ id: 'reminder', channel: 'user:42', at: '2030-01-01T12:00:00.000Z' },
            ...{ state: 'scheduled', duplicate: false },
          },
        ]),
      },
      event: {
        summary: 'An event of CloudEvents 1.0',
        body: { type: 'application/cloudevents+json', value: { ...EVENT, id: '7', data: { order: 7 } } },
        answer: stored(201, [{ id: '/shop 7', channel: 'user:42', cursor: 'k2v9x0-d', duplicate: false }]),
      },
      events: {
        summary: 'A batch of events',
        body: { type: 'application/cloudevents-batch+json', value: [{ ...EVENT, id: '8' }] },
        answer: stored(201, [{ id: '/shop 8', channel: 'user:42', cursor: 'k2v9x0-e', duplicate: false }]),
      },
      binary: {
        summary: 'An event whose attributes are headers',
        headers: {
          'ce-specversion': '1.0',
          'ce-id': '9',
          'ce-source': '/shop',
          'ce-type': 'order.shipped',
          'ce-subject': 'user:42',
        },
        body: { type: 'text/plain', value: 'Order 9 is on its way.' },
        answer: stored(201, [{ id: '/shop 9', channel: 'user:42', cursor: 'k2v9x0-f', duplicate: false }]),
      },
    },
  }
}

function stored(status: number, notifications: PublishAnswer['notifications']) {
  return { status, type: 'application/json', value: { notifications } }
}
