import { z } from 'zod'
import { isChannelPattern } from '../protocol/channel.ts'
import type { StreamCode } from '../protocol/codes.ts'
import type { ClientMessage } from '../protocol/messages.ts'
import type { Format } from '../stream/format.ts'

const request = z.string().min(1).max(128).optional()
const channels = z.array(z.string()).min(1).max(100)

export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['subscribe', 'unsubscribe']), channels, request }),
  z.strictObject({ type: z.literal('token'), token: z.string().min(1), request }),
  z.strictObject({ type: z.literal('ping'), request }),
])

/** Why a frame was refused, and to which `request` the refusal belongs. */
export interface Refusal {
  readonly code: StreamCode
  readonly message: string
  readonly request?: string
}

/** Reads one frame (contract §4.4). */
export function decodeClientMessage(
  format: Format,
  frame: Buffer,
): { message: ClientMessage } | { refusal: Refusal } {
  let value: unknown
  try {
    value = format.decode(frame)
  } catch {
    return { refusal: { code: 'bad-message', message: `The frame is not ${format.name}.` } }
  }
  const parsed = clientMessage.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue && issue.path.length > 0 ? `/${issue.path.join('/')}: ` : ''
    return {
      refusal: { code: 'bad-message', message: `${where}${issue?.message ?? 'not valid'}`, ...asked(value) },
    }
  }
  const message = parsed.data
  if ('channels' in message) {
    const wrong = message.channels.find((channel) => !isChannelPattern(channel))
    if (wrong !== undefined) {
      const index = message.channels.indexOf(wrong)
      const text = `/channels/${index}: not a channel name or pattern.`
      return { refusal: { code: 'bad-channel', message: text, ...asked(value) } }
    }
  }
  return { message }
}

function asked(value: unknown): { request?: string } {
  const parsed = z.object({ request }).safeParse(value)
  return parsed.data?.request === undefined ? {} : { request: parsed.data.request }
}
