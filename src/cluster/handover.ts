import type { Worker } from 'node:cluster'

/** A connection as Node's cluster passes it on. */
interface Handle {
  close(): void
}

/**
 * Closes the connection that is on its way to a worker when that dies. Otherwise Node keeps it open for ever: it waits for the worker
 * to say that it has it, and the client waits for an answer.
 *
 * Cluster passes connections one at a time, each by `send` of the worker's process (Node 20, lib/internal/cluster); should it
 * cease to, this does nothing. To close one that the worker has taken does nothing, too.
 */
export function closeInHandover(worker: Worker): void {
  const send = worker.process.send?.bind(worker.process) as (...args: unknown[]) => boolean
  let latest: Handle | undefined
  worker.process.send = (...args: unknown[]) => {
    const [, handle] = args
    if (isHandle(handle)) latest = handle
    return send(...args)
  }
  worker.once('exit', () => latest?.close())
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function'
}
