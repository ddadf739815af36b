import { createParser } from 'eventsource-parser'
import type { OpenLink } from './link.ts'
import { get, isOf, linkOf, lossOf } from './request.ts'

/** The most characters that may come without an event among them: with more the stream is given up, for no notification is as large. */
const MOST_CHARACTERS = 1024 * 1024

/** Opens a stream of Server-Sent Events by `fetch`, which unlike EventSource shows the status and leaves coming back to us. */
export const openSse: OpenLink = (request, events, platform) =>
  linkOf(events, async (signal) => {
    const type = 'text/event-stream'
    const response = await get(platform, request, 'transport=sse', type, signal)
    if (!response.body || !response.ok || !isOf(response, type)) return lossOf(response, platform)
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    let characters = 0
    const parser = createParser({
      onEvent({ event, data }) {
        characters = 0
        const members = JSON.parse(data)
        events.message(event ? { type: event, ...members } : { type: 'notification', notification: members })
      },
    })
    for (;;) {
      const { done, value } = await reader.read()
      if (done || characters > MOST_CHARACTERS) return { cause: 'failed' }
      const text = decoder.decode(value, { stream: true })
      characters += text.length
      parser.feed(text)
    }
  })
