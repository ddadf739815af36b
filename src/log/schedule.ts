import type { Draft, LogOptions } from './log.ts'
import { sizeOf } from './notification.ts'

/**
 * What is to be published later. Every log has one, kept beside it by the same driver: in the store itself, not in a process, and not
 * subject to retention. Nothing in it happens by itself: whoever runs the service calls `publishDue`, on as many instances as there are.
 *
 * A notification that is scheduled is `scheduled` until it is either `published` or `cancelled`, one of the two and for good. For the
 * idempotency window after that its identity is remembered, so that whoever asks again gets the same answer.
 */
export interface Schedule {
  /**
   * Schedules drafts, all or none, and resolves when that is durable. One whose identity is here already is not scheduled again, but
   * answered with how that one stands; this holds within one call, too. (On NATS a call that fails may be kept in part: the same may be
   * sent again.)
   *
   * @returns one outcome a draft, in the same order
   * @throws ScheduleFull, LogUnavailable
   */
  add(drafts: readonly ScheduledDraft[]): Promise<Standing[]>

  /**
   * Cancels a notification, unless it is being published or has been.
   * @returns how it stands now; `undefined` when none of that identity is remembered
   * @throws LogUnavailable when it can't be told whether it is cancelled; asking again is safe
   */
  cancel(channel: string, id: string): Promise<Settlement | undefined>

  /**
   * Appends to the log what is due, the earliest first, a bounded number in one call, and forgets what is out of the window. Each is
   * appended once, however many instances call this, whenever one of them dies, and however long all of them are gone.
   * @throws LogUnavailable
   */
  publishDue(): Promise<Dispatch>

  /** How many are scheduled, as far as this instance knows. */
  pending(): number
}

/** What a publisher hands over, to be published at a time. */
export interface ScheduledDraft extends Draft {
  /** milliseconds since 1970; `ttl` counts from when it is published */
  readonly due: number
}

/** What is appended to the log when it is due. */
export function draftOf({ due: _, ...draft }: ScheduledDraft): Draft {
  return draft
}

/** How a scheduled notification ended. */
export type Settlement = 'published' | 'cancelled'

/** How a notification stands that somebody wants to schedule. */
export interface Standing {
  readonly state: 'scheduled' | Settlement
  /** when it is or was due, milliseconds since 1970 */
  readonly due: number
  /** where it is in the log, once that is known */
  readonly position?: number
  /** it was here before and has not been scheduled again */
  readonly duplicate: boolean
}

/** What a call of `publishDue` did. */
export interface Dispatch {
  /** what this call, and no other, has brought into the log */
  readonly published: readonly Dispatched[]
  /** when there is something to do next, milliseconds since 1970; `undefined` when nothing is known to wait */
  readonly next: number | undefined
}

/** A draft that has been published. */
export interface Dispatched {
  readonly draft: ScheduledDraft
  /** when, milliseconds since 1970 */
  readonly time: number
  /** it had been published within the idempotency window already, not by the schedule, and was not stored again */
  readonly duplicate: boolean
}

/** There is no room for more. Nothing of the call has been scheduled. */
export class ScheduleFull extends Error {
  override readonly name = 'ScheduleFull'
}

/**
 * Demands that there be room for more: so many notifications, and so many bytes as the log itself.
 * @param added what is not there yet
 * @param held what is scheduled, and its bytes as by `sizeOf`
 * @throws ScheduleFull
 */
export function demandRoom(
  added: readonly ScheduledDraft[],
  held: { readonly pending: number; readonly bytes: number },
  { maxScheduled, retentionBytes }: LogOptions,
): void {
  const size = added.reduce((sum, draft) => sum + sizeOf(draft), 0)
  const isFull = held.pending + added.length > maxScheduled || held.bytes + size > retentionBytes
  if (added.length > 0 && isFull) throw new ScheduleFull(`${held.pending} notifications are scheduled`)
}

/** The most notifications, and bytes as by `sizeOf`, that one call of `publishDue` publishes; it goes on in the next. */
export const DISPATCH = 200
export const DISPATCH_BYTES = 4 * 1024 * 1024
