import { readFileSync } from 'node:fs'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { parse } from 'yaml'
import { type Query, streamUrl } from './clients/client.ts'
import type { Target } from './clients/requests.ts'

/** What the tests look at of a message object. */
export interface MessageObject {
  readonly headers?: object
  readonly examples: readonly { readonly payload: object }[]
}

/** What the tests look at of a channel object. */
interface ChannelObject {
  readonly messages: Readonly<Record<string, MessageObject>>
  readonly 'x-close-codes'?: Readonly<Record<string, number>>
}

/** What the tests look at of an AsyncAPI document. */
export interface AsyncApi {
  readonly channels: Readonly<Record<string, ChannelObject>>
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly action: 'send' | 'receive'
        readonly messages: readonly Ref[]
        readonly reply?: { readonly messages: readonly Ref[] }
      }
    >
  >
}

interface Ref {
  readonly $ref: string
}

/** `asyncapi.yaml`, as text. */
export const ASYNCAPI = readFileSync(new URL('../../asyncapi.yaml', import.meta.url), 'utf8')

/** `asyncapi.yaml`. */
export const asyncApi: AsyncApi = parse(ASYNCAPI)

/** What came over a stream: a message of the document, by channel and name. */
export interface Live {
  readonly channel: string
  readonly name: string
  readonly headers?: object
  readonly payload: object
}

/** Reads Server-Sent Events to their end. */
export async function readEvents(
  target: Target,
  query: Query,
  onEvent: (event: Live) => void,
): Promise<void> {
  const { body } = await fetch(streamUrl(target, query, 'sse'))
  if (!body) throw new Error('there is no stream')
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { id, event, data } of events) {
    const headers = { ...(id !== undefined && { id }), ...(event !== undefined && { event }) }
    onEvent({ channel: 'sse', name: event ?? 'notification', headers, payload: JSON.parse(data) })
  }
}
