import { MAX_ITEMS } from '../protocol/publish.ts'

/** A line of the input that is not blank. */
export interface Line {
  /** its number in the input, from 1 */
  readonly number: number
  /** without its line feed, as it came: whether it is good UTF-8 and good JSON the service says */
  readonly bytes: Buffer
}

/** The most bytes of a line: `data` and a thousand channels take no more. With a longer one the input is given up. */
const MAX_LINE_BYTES = 1024 * 1024

const LINE_FEED = 0x0a

/**
 * Takes the input apart, into the lines that came together: few while the input is slow, so that none waits for others, and many when
 * it is fast. No more is read while a batch is under way.
 * @throws RangeError when a line is too long; those before it were handed over
 */
export async function* batches(input: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[], void> {
  let rest: Buffer = Buffer.alloc(0)
  let count = 0
  const take = function* (whole: Buffer): Generator<readonly Line[]> {
    let batch: Line[] = []
    for (let start = 0; start < whole.length; ) {
      const end = whole.indexOf(LINE_FEED, start)
      const bytes = whole.subarray(start, end)
      count++
      if (!/^[ \t\r]*$/.test(bytes.toString('latin1'))) batch.push({ number: count, bytes })
      if (batch.length === MAX_ITEMS) {
        yield batch
        batch = []
      }
      start = end + 1
    }
    if (batch.length > 0) yield batch
  }
  for await (const chunk of input) {
    const bytes = Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(LINE_FEED) + 1
    yield* take(bytes.subarray(0, end))
    rest = bytes.subarray(end)
    if (rest.length > MAX_LINE_BYTES) {
      throw new RangeError(`line ${count + 1}: it has more than ${MAX_LINE_BYTES} bytes`)
    }
  }
  yield* take(Buffer.concat([rest, Buffer.of(LINE_FEED)]))
}
