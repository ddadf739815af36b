import type { ControlMessage, LongPollAnswer } from '../protocol/messages.ts'
import type { Answer } from '../stream/format.ts'

/** All that an answer has in JSON (contract §4.3) but its notifications, each of which is in bytes by itself. */
export function membersOf({ cursor, ready, gap, bye }: Answer): object {
  return {
    cursor,
    ...(ready && { ready: withoutType(ready) }),
    ...(gap && { gap: withoutType(gap) }),
    ...(bye && { bye: withoutType(bye) }),
  } satisfies Omit<LongPollAnswer, 'notifications'>
}

function withoutType<Message extends ControlMessage>({
  type: _,
  ...members
}: Message): Omit<Message, 'type'> {
  return members
}
