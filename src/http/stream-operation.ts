import { z } from 'zod'
import { msgpack } from '../format/msgpack.ts'
import { protobuf } from '../format/protobuf.ts'
import { headersOf, queryOf } from './negotiation.ts'
import { longPollAnswer } from './openapi/messages.ts'
import type { Operation } from './openapi/operation.ts'

const DESCRIPTION = `One URL for every transport; what comes over them is described in \`asyncapi.yaml\`.

| The request has | Transport |
| --- | --- |
| \`Upgrade: websocket\` | \`websocket\`, subprotocol \`tidings.v1.json\`, \`tidings.v1.msgpack\` or \`tidings.v1.protobuf\` |
| \`Accept\` with \`text/event-stream\`, or \`transport=sse\` | \`sse\` |
| neither, or \`transport=long-poll\` | \`long-poll\`, in the format that \`Accept\` prefers; otherwise JSON |

A client comes back with the last \`cursor\` that it got, on any transport, and misses nothing. \`wait=0\` is the history API.`

const CURSOR = 'k2v9x0-7'

/** What the route says of itself, where a stream may have so many channels. */
export function streamOperation(maxChannels: number): Operation {
  return {
    id: 'stream',
    tag: 'Notifications',
    summary: 'Subscribe to channels',
    description: DESCRIPTION,
    access: 'credential',
    query: queryOf(maxChannels),
    headers: headersOf,
    answers: {
      101: { description: 'The WebSocket is open.' },
      200: {
        description: 'The answer to a long-poll, or a stream of Server-Sent Events.',
        content: {
          'application/json': longPollAnswer,
          'text/event-stream': z.string(),
          [msgpack.mediaType]: longPollAnswer.describe('The same values in MessagePack.'),
          [protobuf.mediaType]: z.string().describe('An `Answer` of `tidings.proto`.'),
        },
      },
    },
    problems: [
      'bad-query',
      'bad-cursor',
      'pipelined-stream',
      'forbidden',
      'origin-refused',
      'too-many-connections',
      'too-many-requests',
      'log-unavailable',
      'at-capacity',
      'draining',
    ],
    examples: {
      first: {
        summary: 'A first long-poll, from the ten newest notifications on',
        query: { channel: ['user:42', 'news'], last: 10 },
        answer: answered({
          notifications: [
            {
              cursor: CURSOR,
              channel: 'user:42',
              id: 'order-7-shipped',
              type: 'order.shipped',
              time: '2026-11-24T18:00:00.000Z',
              data: { order: 7 },
            },
          ],
          cursor: CURSOR,
          ready: { cursor: 'k2v9x0-6', transport: 'long-poll', channels: ['user:42', 'news'], heartbeat: 15 },
        }),
      },
      history: {
        summary: 'What there is, from the beginning',
        query: { channel: ['nobody:*'], cursor: 'earliest', wait: 0, limit: 10 },
        answer: answered({ notifications: [], cursor: CURSOR }),
      },
      elsewhere: {
        summary: 'A cursor of another log',
        query: { channel: ['nobody:*'], cursor: '0-1', wait: 0 },
        answer: answered({ notifications: [], cursor: CURSOR, gap: { cursor: 'k2v9x0-0', reason: 'epoch' } }),
      },
      events: {
        summary: 'Server-Sent Events',
        query: { channel: ['user:42'], transport: 'sse' },
        answer: {
          status: 200,
          type: 'text/event-stream',
          value: `retry: 2000

event: ready
id: k2v9x0-7
data: {"cursor":"k2v9x0-7","transport":"sse","channels":["user:42"],"heartbeat":15}

`,
        },
      },
    },
  }
}

function answered(value: z.output<typeof longPollAnswer>) {
  return { status: 200, type: 'application/json', value }
}
