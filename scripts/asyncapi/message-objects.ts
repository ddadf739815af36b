import { longPollAnswer } from '../../src/http/openapi/messages.ts'
import { type JsonSchema, jsonSchema } from '../../src/http/openapi/schema.ts'
import type { LongPollAnswer } from '../../src/protocol/messages.ts'
import { CLIENT, CONTROL, type Described, NOTIFICATION } from './messages.ts'

/** Message objects (AsyncAPI 3.0), by name. */
export type MessageObjects = Readonly<Record<string, object>>

/** What comes over a WebSocket: messages with their `type`. */
export function framesSent(): MessageObjects {
  const payload = {
    type: 'object',
    properties: {
      type: { const: 'notification' },
      notification: jsonSchema(NOTIFICATION.schema, 'output'),
    },
    required: ['type', 'notification'],
    additionalProperties: false,
  }
  const example = { type: 'notification', notification: NOTIFICATION.example }
  return {
    notification: messageObject(NOTIFICATION.summary, payload, [example]),
    ...frames(CONTROL, 'output'),
  }
}

/** What a client may say over a WebSocket. */
export function framesReceived(): MessageObjects {
  return frames(CLIENT, 'input')
}

function frames(
  messages: Readonly<Record<string, Described<object>>>,
  io: 'input' | 'output',
): MessageObjects {
  return Object.fromEntries(
    Object.entries(messages).map(([type, { summary, schema, example }]) => {
      const { properties, ...rest } = jsonSchema(schema, io)
      // One schema may stand for several types.
      const payload = { ...rest, properties: { ...(properties as object), type: { const: type } } }
      return [type, messageObject(summary, payload, [example])]
    }),
  )
}

/** What comes as Server-Sent Events: `event:` and `id:` stand among the headers, `data:` is the payload (PROTOCOL P-41, P-42). */
export function events(): MessageObjects {
  const { summary, schema, example } = NOTIFICATION
  const control = Object.entries(CONTROL).filter(([, { onSse = true }]) => onSse)
  return {
    notification: {
      ...messageObject(summary, jsonSchema(schema, 'output'), [example]),
      headers: headers({ id: { type: 'string' } }),
    },
    ...Object.fromEntries(
      control.map(([type, { summary, schema, example }]) => {
        const payload = jsonSchema(schema.omit({ type: true }), 'output')
        const shown = { ...bare(example), ...(type === 'ready' && { transport: 'sse' }) }
        const id = 'cursor' in schema.shape && { id: { type: 'string' } }
        return [
          type,
          {
            ...messageObject(summary, payload, [shown]),
            headers: headers({ event: { const: type }, ...id }),
          },
        ]
      }),
    ),
  }
}

function headers(properties: Readonly<Record<string, JsonSchema>>): object {
  return { type: 'object', properties, required: Object.keys(properties) }
}

/** What a long-poll is answered: a first one, a later one, one with a cursor of another log, one when the instance is being stopped. */
export function answers(): MessageObjects {
  const { cursor } = NOTIFICATION.example
  const examples: LongPollAnswer[] = [
    { notifications: [], cursor, ready: { ...bare(CONTROL.ready.example), transport: 'long-poll' } },
    { notifications: [NOTIFICATION.example], cursor },
    { notifications: [], cursor, gap: bare(CONTROL.gap.example) },
    { notifications: [], cursor, bye: bare(CONTROL.bye.example) },
  ]
  const summary = 'What there is after a cursor.'
  return { answer: messageObject(summary, jsonSchema(longPollAnswer, 'output'), examples) }
}

function bare<Message extends { readonly type: string }>({
  type: _,
  ...members
}: Message): Omit<Message, 'type'> {
  return members
}

function messageObject(summary: string, payload: JsonSchema, examples: readonly object[]): object {
  return { summary, payload, examples: examples.map((example) => ({ payload: example })) }
}
