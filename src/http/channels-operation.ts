import { z } from 'zod'
import { isChannelPattern, MAX_CHANNEL_LENGTH } from '../protocol/channel.ts'
import type { ChannelPresence, PresencePage } from '../protocol/presence.ts'
import type { Operation } from './openapi/operation.ts'
import type { Shape } from './openapi/schema.ts'
import { channelName } from './publish/item.ts'
import { wholeNumber } from './whole-number.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/** The query of the list. */
export const channelsQuery = z.object({
  pattern: z
    .string('must be given once')
    .refine(isChannelPattern, 'not a channel name or pattern')
    .default('**')
    .describe('Those that it stands for.'),
  after: z
    .string('must be given once')
    .max(MAX_CHANNEL_LENGTH)
    .default('')
    .describe('The `next` of the page before.'),
  limit: wholeNumber(1, MAX_LIMIT).default(DEFAULT_LIMIT).describe('The most in one answer.'),
})

const presence = z.strictObject({
  channel: z.string(),
  subscribers: z.int().min(0).describe('Streams on all instances, by name or by pattern.'),
} satisfies Shape<ChannelPresence>)

const page = z.strictObject({
  channels: z.array(presence),
  next: z.string().exactOptional().describe('For `after`, when there are more.'),
}) satisfies z.ZodType<PresencePage>

/** What `GET /v1/channels/{channel}` says of itself. */
export const CHANNEL_OPERATION: Operation = {
  id: 'countSubscribers',
  tag: 'Notifications',
  summary: 'How many subscribers a channel has',
  description:
    'On all instances, at most two seconds old. It takes a grant to publish on the channel, or `admin`.',
  access: 'credential',
  path: z.object({ channel: channelName }),
  answers: {
    200: { description: 'As far as all instances answer.', content: { 'application/json': presence } },
  },
  problems: ['forbidden', 'too-many-requests', 'log-unavailable'],
  examples: {
    nobody: {
      summary: 'Nobody is there',
      path: { channel: 'user:42' },
      answer: { status: 200, type: 'application/json', value: { channel: 'user:42', subscribers: 0 } },
    },
  },
}

/** What `GET /v1/channels` says of itself. */
export const CHANNELS_OPERATION: Operation = {
  id: 'listChannels',
  tag: 'Notifications',
  summary: 'The channels that somebody has subscribed to',
  description:
    'By name, in the order of their characters, page by page; those who have subscribed by pattern are counted. It takes a grant to publish that covers the pattern, or `admin`.',
  access: 'credential',
  query: channelsQuery,
  answers: { 200: { description: 'A page.', content: { 'application/json': page } } },
  problems: ['forbidden', 'too-many-requests', 'log-unavailable'],
  examples: {
    none: {
      summary: 'None',
      query: { pattern: 'user:*' },
      answer: { status: 200, type: 'application/json', value: { channels: [] } },
    },
  },
}
