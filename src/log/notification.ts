import { randomBytes } from 'node:crypto'
import type { Draft, Notification } from './log.ts'

/** What a driver keeps beside the text of a notification, in bytes: positions, times, and its place in an index. */
const OVERHEAD = 128

/** The notification that a draft becomes. */
export function notificationOf({ ttl, ...draft }: Draft, position: number, time: number): Notification {
  return { position, ...draft, time, ...(ttl !== undefined && { expires: time + ttl * 1000 }) }
}

/** The identity of a notification (contract §2.6): no channel has a space in it, so no two pairs give the same text. */
export function identityOf({ channel, id }: Pick<Draft, 'channel' | 'id'>): string {
  return `${channel} ${id}`
}

/** The bytes that a notification counts for in `retentionBytes`. */
export function sizeOf({ channel, id, type = '', data, traceparent = '' }: Draft | Notification): number {
  // All but the data is ASCII. The channel counts twice, for it is in the index, too.
  return (
    2 * channel.length + id.length + type.length + Buffer.byteLength(data) + traceparent.length + OVERHEAD
  )
}

/** The epoch of a new log: 10 random characters of `0-9a-z`, so that no two logs share one by chance. */
export function newEpoch(): string {
  return randomBytes(8).readBigUInt64BE().toString(36).padStart(10, '0').slice(-10)
}
