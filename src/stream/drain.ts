import type { Clock } from './clock.ts'
import type { Hub } from './hub.ts'

/**
 * Lets all subscribers go at an even pace (contract §7): each is told at once when to come back, and closed at that moment, so that
 * their new connections are spread over the window. Until then they are served. Long-polls are answered by their `bye`.
 *
 * @param windowMs the drain window, in milliseconds; 0 closes all at once
 * @returns when the last one has been closed
 */
export async function drain(hub: Hub, windowMs: number, clock: Clock): Promise<void> {
  const leaving = [...hub.subscribers]
  const pace = leaving.length > 0 ? windowMs / leaving.length : 0
  await Promise.all(
    leaving.map((subscriber, index) => {
      const retryAfter = Math.round((index + 1) * pace)
      subscriber.bye('draining', retryAfter)
      return new Promise<void>((resolve) => {
        clock.after(retryAfter, () => {
          subscriber.close('draining')
          resolve()
        })
      })
    }),
  )
}
