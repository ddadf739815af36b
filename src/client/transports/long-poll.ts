import type { LongPollAnswer } from '../../protocol/messages.ts'
import type { Platform } from '../platform.ts'
import type { Link, LinkEvents, LinkRequest } from './link.ts'
import { get, linkOf, lossOf } from './request.ts'

/** The longest that a poll waits, in milliseconds; less where the network stands less. */
const WAIT_MS = 25_000
/** The most notifications of one answer. */
const LIMIT = 1_000

/** Opens a stream of long polls. The first is answered at once, and that is its `ready`. */
export function openLongPoll(request: LinkRequest, { message, lost }: LinkEvents, platform: Platform): Link {
  const { channels, quiet } = request
  const heartbeat = Math.floor(Math.min(quiet ?? WAIT_MS, WAIT_MS) / 1000)
  const transport = 'long-poll'

  return linkOf({ message, lost }, async (signal) => {
    let { cursor, via } = request
    for (let wait = 0; ; wait = heartbeat) {
      const query = `transport=${transport}&wait=${wait}&limit=${LIMIT}`
      const response = await get(platform, { ...request, cursor, via }, query, 'application/json', signal)
      if (!response.ok) return lossOf(response, platform)
      const answer = (await response.json()) as LongPollAnswer
      if (wait === 0)
        message({
          type: 'ready',
          cursor: answer.ready?.cursor ?? answer.cursor,
          transport,
          channels: channels(),
          heartbeat,
        })
      if (answer.gap) message({ type: 'gap', ...answer.gap })
      for (const notification of answer.notifications) message({ type: 'notification', notification })
      cursor = answer.cursor
      via = ''
      message({ type: 'heartbeat', cursor })
      if (!answer.bye) continue
      message({ type: 'bye', ...answer.bye })
      return { cause: 'planned' }
    }
  })
}
