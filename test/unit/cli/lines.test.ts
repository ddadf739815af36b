import t from 'tap'
import { batches } from '../../../src/cli/lines.ts'

async function* chunks(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

/** The batches, with each line as `number:text`. */
async function take(...texts: readonly string[]): Promise<string[][]> {
  const taken: string[][] = []
  for await (const batch of batches(chunks(...texts))) {
    taken.push(batch.map(({ number, bytes }) => `${number}:${bytes}`))
  }
  return taken
}

t.test('Lines that came together are one batch, and a line may come in pieces', async (t) => {
  t.same(await take('a\nb\nc', 'd\n', 'e'), [['1:a', '2:b'], ['3:cd'], ['4:e']])
})

t.test('A letter in two chunks is whole', async (t) => {
  const taken: string[] = []
  const input = (async function* () {
    yield Buffer.of(0xc3)
    yield Buffer.of(0xa4, 0x0a)
  })()
  for await (const batch of batches(input)) taken.push(...batch.map(({ bytes }) => bytes.toString()))
  t.same(taken, ['ä'])
})

t.test('Blank lines count for the numbers, and for nothing else', async (t) => {
  t.same(await take('\n \t\r\na\r\n\n', '\n', 'b'), [['3:a\r'], ['6:b']])
  t.same(await take(), [])
  t.same(await take('\n'), [])
})

t.test('A batch has at most a thousand lines', async (t) => {
  const sizes = (await take('x\n'.repeat(2001))).map(({ length }) => length)
  t.same(sizes, [1000, 1000, 1])
})

t.test('A line without end is given up, by its number', async (t) => {
  const endless = async () => take('a\n', ...Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024)))
  await t.rejects(endless(), { name: 'RangeError', message: /^line 2: / })
})
