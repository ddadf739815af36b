import type { ControlMessage, LongPollAnswer } from '../../../src/protocol/messages.ts'
import { type ClientKind, type Inbox, readingClient, streamUrl } from './client.ts'
import { type ClientFormat, jsonFormat, msgpackFormat, protobufFormat } from './formats.ts'
import { curlHttp, fetchHttp, type Http, keptFetchHttp, keptLightHttp } from './http.ts'

/** @param connect called for each client */
function longPollBy(connect: () => Http, format: ClientFormat = jsonFormat): ClientKind {
  return {
    name: `long-poll by ${connect().name}, ${format.name}`,
    transport: 'long-poll',
    open: async (target, query) =>
      readingClient(async (inbox, signal) => {
        const http = connect()
        // `last` says where to start, which from the second poll on the cursor does; `via` is said once.
        const { last: _, via: __, ...rest } = query
        let next = query
        for (;;) {
          const headers = { accept: format.mediaType }
          const chunks: Buffer[] = []
          for await (const chunk of http.get(streamUrl(target, next), headers, signal)) chunks.push(chunk)
          const answer = format.answer(Buffer.concat(chunks))
          unpack(answer, inbox)
          if (answer.bye) return
          next = { ...rest, cursor: answer.cursor }
        }
      }),
  }
}

/** An answer as the messages that another transport would have sent; one that brings nothing is a heartbeat. */
function unpack({ ready, gap, notifications, bye, cursor }: LongPollAnswer, inbox: Inbox): void {
  const messages: (ControlMessage | false | undefined)[] = [
    ready && { type: 'ready', ...ready },
    gap && { type: 'gap', ...gap },
  ]
  for (const message of messages) if (message) inbox.put(message)
  for (const notification of notifications) inbox.put({ type: 'notification', notification })
  if (bye) inbox.put({ type: 'bye', ...bye })
  else if (!ready && !gap && notifications.length === 0) inbox.put({ type: 'heartbeat', cursor })
}

/** `fetch` of undici. */
export const fetchLongPollClient = longPollBy(() => fetchHttp)

/** `fetch` of undici on a connection that it keeps. */
export const keptLongPollClient = longPollBy(keptFetchHttp)

/** `node:http` on a connection that it keeps. */
export const lightLongPollClient = longPollBy(keptLightHttp)

/** The same in the other formats. */
export const formatLongPollClients = [msgpackFormat, protobufFormat].map((format) =>
  longPollBy(keptFetchHttp, format),
)

/** `curl`. */
export const curlLongPollClient = longPollBy(() => curlHttp)
