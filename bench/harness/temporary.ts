import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Teardown } from '../../test/support/nats.ts'

/** Makes a directory that goes when `ends` ends, if given, and at the latest when this process does. */
export function temporaryDirectory(ends?: Teardown): string {
  const directory = mkdtempSync(join(tmpdir(), 'tidings-bench-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  process.on('exit', remove)
  ends?.teardown(() => {
    process.off('exit', remove)
    remove()
  })
  return directory
}
