import type { Readable } from 'node:stream'
import { type FinalResults, Parser } from 'tap-parser'

/** How a test run went. */
export interface Tally {
  readonly passed: number
  readonly failed: number
}

/**
 * Counts the assertions in a stream of TAP, those within subtests included, and passes the stream on to standard output.
 *
 * A stream that is cut off, has no plan or misses tests that were planned counts as a failure though every assertion in it passed.
 */
export async function tally(output: Readable): Promise<Tally> {
  let passed = 0
  let failed = 0
  let results: FinalResults | undefined
  const parser = new Parser((final) => {
    results = final
  })
  parser.on('pass', () => passed++)
  parser.on('fail', () => failed++)
  for await (const chunk of output.setEncoding('utf8')) {
    process.stdout.write(chunk)
    parser.write(chunk)
  }
  parser.end()
  return { passed, failed: results?.ok ? failed : Math.max(failed, 1) }
}
