import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { draftDocuments } from '../../scripts/generated.ts'
import { CODES } from '../../src/protocol/codes.ts'

for (const { document, actual, wanted } of draftDocuments()) {
  t.test(`${document} says what the source says`, async (t) => {
    t.equal(actual, wanted, 'else run `npm run docs`')
  })
}

t.test('Every code of the registry is in use', async (t) => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  const source = files
    .filter((file) => file.endsWith('.ts') && file !== 'protocol/codes.ts')
    .map((file) => readFileSync(`src/${file}`, 'utf8'))
    .join('\n')
  for (const code of Object.keys(CODES)) t.ok(source.includes(`'${code}'`), code)
})
