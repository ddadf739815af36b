import { FORMATS } from '../../src/format/formats.ts'
import { json } from '../../src/format/json.ts'
import { queryOf } from '../../src/http/negotiation.ts'
import { jsonSchema } from '../../src/http/openapi/schema.ts'
import { CODES, type Code } from '../../src/protocol/codes.ts'
import { answers, events, framesReceived, framesSent, type MessageObjects } from './message-objects.ts'
import { CLIENT } from './messages.ts'

const DESCRIPTION = `What comes over the streams of Tidings, \`GET /v1/stream\`, on each transport, and what a client may say. The HTTP side is in
\`/openapi.json\` of a running service, and every clause is in \`PROTOCOL.md\`.

A cursor in any message is safe to resume from, on any transport: come back with the last one, and miss nothing.`

/** The most channels that the settings allow. */
const MAX_CHANNELS = 100

const CLOSES = Object.entries<Code>(CODES).filter(([, { close }]) => close !== undefined)

/** What is said in JSON here is the same in the other formats. */
const OTHERS = `By ${FORMATS.filter((format) => format !== json)
  .map(({ subprotocol, mediaType }) => `\`${subprotocol}\` or \`Accept: ${mediaType}\``)
  .join(', and ')} the same comes in another format: \`PROTOCOL.md\` and \`tidings.proto\` say how.`

/** The AsyncAPI 3.0 document of the streams: `asyncapi.yaml`. */
export function asyncApiDocument(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tidings streams',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    defaultContentType: 'application/json',
    servers: { http: server('http'), websocket: server('ws') },
    channels: {
      websocket: {
        ...channel('websocket', { ...framesSent(), ...framesReceived() }),
        description: `WebSocket, subprotocol \`${json.subprotocol}\`: one JSON object a text frame. ${OTHERS}\n\n${closeCodes()}`,
        bindings: { ws: { method: 'GET', query: QUERY, bindingVersion: '0.1.0' } },
        'x-close-codes': Object.fromEntries(CLOSES.map(([code, { close }]) => [code, close])),
      },
      sse: {
        ...channel('http', events()),
        description: 'Server-Sent Events: `transport=sse`, or `Accept` with `text/event-stream`.',
      },
      longPoll: {
        ...channel('http', answers()),
        description: `Long polling: \`transport=long-poll\`, or nothing of the other two. ${OTHERS}`,
      },
    },
    operations: {
      sendFrame: sending('websocket', framesSent()),
      sendEvent: { ...sending('sse', events()), ...OVER_HTTP },
      answerPoll: { ...sending('longPoll', answers()), ...OVER_HTTP },
      ...receiving(),
    },
    components: {
      schemas: { Query: jsonSchema(queryOf(MAX_CHANNELS), 'input') },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token or an API key, where they are asked for.',
        },
        query: { type: 'httpApiKey', in: 'query', name: 'token', description: 'The same.' },
      },
    },
  }
}

const QUERY = { $ref: '#/components/schemas/Query' }

const OVER_HTTP = { bindings: { http: { method: 'GET', query: QUERY, bindingVersion: '0.3.0' } } }

function server(protocol: 'http' | 'ws'): object {
  const security = ['bearer', 'query'].map((scheme) => ({ $ref: `#/components/securitySchemes/${scheme}` }))
  return { host: '127.0.0.1:8080', protocol, security }
}

function channel(itsServer: 'websocket' | 'http', messages: MessageObjects): object {
  return { address: '/v1/stream', servers: [{ $ref: `#/servers/${itsServer}` }], messages }
}

function sending(itsChannel: string, messages: MessageObjects): object {
  return {
    action: 'send',
    channel: { $ref: `#/channels/${itsChannel}` },
    messages: messageRefs(itsChannel, Object.keys(messages)),
  }
}

/** One operation for each message of a client's, with what it may be answered. */
function receiving(): Readonly<Record<string, object>> {
  const itsChannel = { $ref: '#/channels/websocket' }
  return Object.fromEntries(
    Object.entries(CLIENT).map(([type, { answers }]) => [
      type,
      {
        action: 'receive',
        channel: itsChannel,
        messages: messageRefs('websocket', [type]),
        reply: { channel: itsChannel, messages: messageRefs('websocket', answers) },
      },
    ]),
  )
}

function messageRefs(itsChannel: string, names: readonly string[]): object[] {
  return names.map((name) => ({ $ref: `#/channels/${itsChannel}/messages/${name}` }))
}

function closeCodes(): string {
  const rows = CLOSES.map(
    ([code, { close, title, action }]) => `| ${close} | \`${code}\` | ${title}. ${action} |`,
  )
  return ['| Close code | Reason | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
