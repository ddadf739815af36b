import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { CursorStore } from '../client/index.ts'
import { UsageError } from './command.ts'

/**
 * A file that keeps a cursor over restarts: at any moment it has the one before or the one after, whole.
 * @param failed is told when the file can't be written
 * @throws UsageError from `get` when there is a file that can't be read
 */
export function cursorFile(path: string, failed: (error: Error) => void): CursorStore {
  return {
    get() {
      try {
        return readFileSync(path, 'utf8').trim() || undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw new UsageError(`--cursor-file: ${error instanceof Error ? error.message : error}`)
      }
    },
    set(cursor) {
      try {
        const next = `${path}.${process.pid}`
        writeFileSync(next, `${cursor}\n`)
        renameSync(next, path)
      } catch (error) {
        failed(error instanceof Error ? error : new Error(String(error)))
      }
    },
  }
}
