import { z } from 'zod'
import type { Operation } from './openapi/operation.ts'
import { PROBLEM_MEDIA_TYPE, Problem } from './problem.ts'
import { channelName, notificationId } from './publish/item.ts'

/** What is answered when nothing of the kind is remembered. */
export function notScheduled(): Problem {
  return new Problem('not-scheduled', 'No such notification is scheduled on the channel.')
}

/** What the route says of itself. */
export const CANCEL_OPERATION: Operation = {
  id: 'cancel',
  tag: 'Notifications',
  summary: 'Cancel a scheduled notification',
  description: 'Either it is cancelled or it is published, and the answer says which.',
  access: 'credential',
  path: z.object({ channel: channelName, id: notificationId }),
  answers: { 204: { description: 'It is cancelled, now or within the idempotency window before.' } },
  problems: ['forbidden', 'not-scheduled', 'already-published', 'too-many-requests', 'log-unavailable'],
  examples: {
    unknown: {
      summary: 'Nothing of the kind',
      path: { channel: 'user:42', id: 'order-7-shipped' },
      answer: {
        status: notScheduled().status,
        type: PROBLEM_MEDIA_TYPE,
        value: notScheduled().document(),
      },
    },
  },
}
