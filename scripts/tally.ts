import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type FinalResults, Parser } from 'tap-parser'

/** How a test run went. */
export interface Tally {
  readonly passed: number
  readonly failed: number
}

/**
 * Counts the assertions in a file of TAP, those within subtests included.
 *
 * A file that is cut off, has no plan or misses tests that were planned counts as a failure though every assertion in it passed.
 */
export async function tally(path: string): Promise<Tally> {
  let passed = 0
  let failed = 0
  let results: FinalResults | undefined
  const parser = new Parser((final) => {
    results = final
  })
  parser.on('pass', () => passed++)
  parser.on('fail', () => failed++)
  await pipeline(createReadStream(path, 'utf8'), async (chunks) => {
    for await (const chunk of chunks) parser.write(chunk)
    parser.end()
  })
  return { passed, failed: results?.ok ? failed : Math.max(failed, 1) }
}
