import cluster from 'node:cluster'
import type { Settings } from '../config/settings.ts'

/** A worker's part of what the service may hold in all. Limits for each client or stream hold at every worker as they stand. */
export function shareOf(settings: Settings): Settings {
  return { ...settings, maxConnections: Math.ceil(settings.maxConnections / settings.workers) }
}

/** Calls `orphaned` when this is a worker, and the process that started it is gone: no connection will come any more. */
export function onOrphaned(orphaned: () => void): void {
  const { worker } = cluster
  worker?.once('disconnect', () => {
    // Otherwise Node exits right after this, for it knows of nothing that could be left to do.
    worker.exitedAfterDisconnect = true
    orphaned()
  })
}
