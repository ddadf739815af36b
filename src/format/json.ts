import type { ControlMessage } from '../protocol/messages.ts'
import type { Format } from '../stream/format.ts'

/** JSON (RFC 8259): the default, and what `sse` has. */
export const json: Format = {
  name: 'JSON',
  subprotocol: 'tidings.v1.json',
  mediaType: 'application/json',
  frameType: 'text',

  notification: (entry) => `{"type":"notification","notification":${entry.json}}`,

  message: (message, padding = 0) => JSON.stringify(message) + ' '.repeat(padding),

  answer({ entries, cursor, ready, gap, bye }) {
    const members = `${member('ready', ready)}${member('gap', gap)}${member('bye', bye)}`
    return `{"notifications":[${entries.map((entry) => entry.json).join()}],"cursor":"${cursor}"${members}}`
  },

  decode: (frame) => JSON.parse(frame.toString()),
}

function member(name: string, message: ControlMessage | undefined): string {
  if (!message) return ''
  const { type: _, ...members } = message
  return `,"${name}":${JSON.stringify(members)}`
}
