import type { ChannelSet } from '../protocol/channel-set.ts'
import type { Cursor } from '../protocol/cursor.ts'
import type { GapReason } from '../protocol/messages.ts'
import type { Hub } from './hub.ts'

/** Where a client asks to start (contract §4). */
export type Start =
  | { readonly from: 'cursor'; readonly cursor: Cursor }
  | { readonly from: 'earliest' }
  | { readonly from: 'newest'; readonly count: number }
  | { readonly from: 'now' }

/** Where a subscriber starts: behind `position`; with `gap`, some notifications before it can't be had. */
export interface StartingPoint {
  readonly position: number
  readonly gap?: GapReason
}

/**
 * Finds the place in the log that `start` means. A cursor needs no read of the log, so that thousands may come back at once; only
 * one that lies beyond what this instance has seen has the log asked where it ends.
 *
 * A cursor of another log starts at the beginning of this one: all of it is news to that client.
 *
 * @throws LogUnavailable when the log must be asked and can't be reached
 */
export async function findStart(hub: Hub, channels: ChannelSet, start: Start): Promise<StartingPoint> {
  switch (start.from) {
    case 'now':
      return { position: hub.window.head }
    case 'newest':
      return { position: await hub.log.newest(channels, start.count) }
    case 'earliest':
      return { position: (await hub.log.bounds()).first - 1 }
    case 'cursor': {
      const { epoch, position } = start.cursor
      if (epoch === hub.epoch && position <= hub.window.head) return { position }
      const { first, last } = await hub.log.bounds()
      if (epoch === hub.epoch && position <= last) return { position }
      return { position: first - 1, gap: 'epoch' }
    }
  }
}
