import type { Format } from '../stream/format.ts'
import { membersOf } from './answer.ts'

/** JSON (RFC 8259): the default, and what `sse` has. */
export const json: Format = {
  name: 'JSON',
  subprotocol: 'tidings.v1.json',
  mediaType: 'application/json',
  frameType: 'text',

  notification: (entry) => `{"type":"notification","notification":${entry.json}}`,

  message: (message, padding = 0) => JSON.stringify(message) + ' '.repeat(padding),

  answer(answer) {
    const notifications = answer.entries.map((entry) => entry.json).join()
    return `{"notifications":[${notifications}],${JSON.stringify(membersOf(answer)).slice(1)}`
  },

  decode: (frame) => JSON.parse(frame.toString()),
}
