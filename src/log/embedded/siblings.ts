import { closeSync, type FSWatcher, openSync, watch, writeSync } from 'node:fs'
import { join } from 'node:path'

const TICK = Buffer.from('.')

/**
 * The processes that have opened the same log. All watch one file beside it, and whoever has moved the log's head writes a byte to it:
 * a bare tick, that of a process itself among them. The kernel makes one of several that nobody has taken yet.
 *
 * Where files can't be watched (a file system without it, or inotify's limits are reached) no tick comes: ticks are only faster than
 * looking from time to time.
 */
export class Siblings {
  readonly #file: number
  readonly #watcher: FSWatcher | undefined

  /**
   * @param directory of the log; it must be there
   * @param onTick a sibling's head, or this process's own, may have moved
   */
  constructor(directory: string, onTick: () => void) {
    const path = join(directory, 'tick')
    this.#file = openSync(path, 'w')
    this.#watcher = watchFile(path, onTick)
  }

  /** Tells all that the head has moved: what they read from now on has it. */
  tell(): void {
    try {
      writeSync(this.#file, TICK, 0, 1, 0)
    } catch {
      // The disk may be full or gone; then they find out when they look.
    }
  }

  close(): void {
    this.#watcher?.close()
    closeSync(this.#file)
  }
}

function watchFile(path: string, onTick: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onTick).on('error', () => {})
  } catch {
    return undefined
  }
}
