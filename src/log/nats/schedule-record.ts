import { createHash } from 'node:crypto'
import { headers, type MsgHdrs } from '@nats-io/transport-node'
import { identityOf, sizeOf } from '../notification.ts'
import type { ScheduledDraft, Settlement } from '../schedule.ts'
import type { Outgoing } from './message.ts'

/**
 * How a notification of the schedule stands, as one message on a subject of its own. It is `scheduled` until it is either `cancelled`, or
 * `claimed`: then it is being published. Who claims it appends it to the log, and notes where it is: `published`.
 */
export type Record = Scheduled | Claimed | Settled

/** It waits. */
export interface Scheduled {
  readonly state: 'scheduled'
  readonly draft: ScheduledDraft
}

/** It is being published, or was about to be when somebody died. */
export interface Claimed {
  readonly state: 'claimed'
  readonly draft: ScheduledDraft
  /** the end of the log before it was claimed: if the log has it, then after this */
  readonly end: { readonly epoch: string; readonly position: number }
}

/** It is over, and remembered for the idempotency window. */
export interface Settled {
  readonly state: Settlement
  readonly due: number
  /** when it was settled, milliseconds since 1970 */
  readonly time: number
  /** in the log; none for what was cancelled */
  readonly position?: number
}

/** What of a record is told without its body. */
export interface Outline {
  readonly state: Record['state']
  /** when it is due, or was settled, milliseconds since 1970 */
  readonly time: number
  /** what its draft counts for in `retentionBytes`; 0 when it is settled */
  readonly bytes: number
}

const STATE = 'Tidings-State'
const TIME = 'Tidings-Time'
const BYTES = 'Tidings-Bytes'

/** The header that says which attempt to put a record it is that was stored. */
export const ATTEMPT = 'Tidings-Attempt'

/** What a message must come behind to be stored: the last one on its subject, or none when it is 0. */
export const EXPECTED = 'Nats-Expected-Last-Subject-Sequence'

/** The subject of a notification's record: one token made of its identity, whatever that has in it. */
export function recordSubject(name: string, identity: { channel: string; id: string }): string {
  return `${name}.schedule.${createHash('sha256').update(identityOf(identity)).digest('base64url')}`
}

/** The outline of a record. */
export function outlineOf(record: Record): Outline {
  if ('draft' in record) {
    return { state: record.state, time: record.draft.due, bytes: sizeOf(record.draft) }
  }
  return { state: record.state, time: record.time, bytes: 0 }
}

/**
 * Encodes a record that takes the place of another.
 *
 * Servers in a cluster (seen on 2.9) look at EXPECTED before they agree on the next message, so two that are on their way at once may both
 * pass. They agree on identities, though: whatever is to come behind the same message has the same, and the first is stored.
 *
 * @param expected the sequence of the other; 0 when there is none
 * @param attempt tells it from what else was to take that place
 */
export function encodeRecord(subject: string, record: Record, expected: number, attempt: string): Outgoing {
  const { state, time, bytes } = outlineOf(record)
  const fields = headers()
  fields.append('Nats-Msg-Id', `${subject} ${expected}`)
  fields.append(EXPECTED, `${expected}`)
  fields.append(ATTEMPT, attempt)
  fields.append(STATE, state)
  fields.append(TIME, `${time}`)
  fields.append(BYTES, `${bytes}`)
  return { subject, headers: fields, data: JSON.stringify(record) }
}

/** Reads the outline from a message's headers; `undefined` when somebody else has published it. */
export function decodeOutline(fields: MsgHdrs | undefined): Outline | undefined {
  const state = fields?.get(STATE)
  if (!fields || !state) return undefined
  return {
    state: state as Record['state'],
    time: Number(fields.get(TIME)),
    bytes: Number(fields.get(BYTES)),
  }
}
