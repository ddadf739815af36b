import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Zips what a directory has to be served, each file beside itself: it is sent so to whoever takes it. */
export function zipFiles(directory: string): void {
  for (const file of readdirSync(directory).filter((name) => /\.(html|css|js|svg)$/.test(name))) {
    const path = join(directory, file)
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
  }
}
