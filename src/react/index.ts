/** `tidings/react`: a stream's notifications and status in components. */
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { NotificationMessage, Status, Stream } from '../client/index.ts'

/** How the stream is; renders again when that changes. */
export function useStreamStatus(stream: Stream<unknown>): Status {
  const status = (): Status => stream.status
  return useSyncExternalStore((changed) => stream.on('status', changed), status, status)
}

/**
 * The newest notifications since the component was mounted, oldest first.
 * @param most how many are kept; those before them are dropped
 */
export function useNotifications<Data>(
  stream: Stream<Data>,
  most = 100,
): readonly NotificationMessage<Data>[] {
  const [notifications, setNotifications] = useState<readonly NotificationMessage<Data>[]>([])
  useEffect(() => {
    setNotifications([])
    return stream.on('notification', (notification) => {
      setNotifications((before) => [...before, notification].slice(-most))
    })
  }, [stream, most])
  return notifications
}
