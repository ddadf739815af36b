import type { NotificationMessage } from '../protocol/messages.ts'

/**
 * So many notifications may wait for the application's loop. With more the stream is let go of, and taken up at the cursor when half
 * of them are gone: the log keeps the rest, not this buffer.
 */
export const MOST_WAITING = 1_000

/** What an inbox tells. */
export interface InboxEvents {
  /** The loop has come back for more: it is done with the notification at `cursor`. */
  done(cursor: string): void
  /** There is no more room, or there is again. */
  full(isFull: boolean): void
  /** Says whether the application still wants `notification`: it may have waited for long. */
  wants(notification: NotificationMessage): boolean
}

/** The notifications that wait for a `for await` loop. */
export interface Inbox<Data> {
  /** Says whether the loop has dealt with everything. */
  isIdle(): boolean
  put(notification: NotificationMessage<Data>): void
  /** Nothing more comes. */
  end(): void
  /** Hands over what comes, until the end. */
  take(): AsyncGenerator<NotificationMessage<Data>, void>
}

/** An empty inbox. */
export function openInbox<Data>({ done, full, wants }: InboxEvents): Inbox<Data> {
  const waiting: NotificationMessage<Data>[] = []
  let isOver = false
  let isBusy = false
  let wake = (): void => {}
  return {
    isIdle: () => !isBusy && waiting.length === 0,
    put(notification) {
      if (waiting.push(notification) >= MOST_WAITING) full(true)
      wake()
    },
    end() {
      isOver = true
      wake()
    },
    async *take() {
      while (waiting.length > 0 || !isOver) {
        const notification = waiting.shift()
        if (!notification) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        if (waiting.length === MOST_WAITING / 2) full(false)
        if (!wants(notification)) continue
        isBusy = true
        yield notification
        isBusy = false
        done(notification.cursor)
      }
    },
  }
}
