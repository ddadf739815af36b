import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { draftDocuments } from '../../scripts/generated.ts'
import { FILE_VARIABLE } from '../../src/config/load.ts'
import { SETTINGS } from '../../src/config/settings.ts'
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

t.test('SECURITY.md names settings that there are, with their defaults', async (t) => {
  const text = readFileSync('SECURITY.md', 'utf8')
  const known = new Set([...SETTINGS.map(({ variable }) => variable), FILE_VARIABLE])
  const named = [...text.matchAll(/TIDINGS_\w+/g)].map(([name]) => name)
  t.strictSame(
    named.filter((name) => !known.has(name)),
    [],
  )
  const rows = [...text.matchAll(/^\| `(TIDINGS_\w+)` \| `(.*?)` \|/gm)]
  t.ok(rows.length > 0)
  for (const [, name = '', byDefault] of rows) {
    t.equal(byDefault, SETTINGS.find(({ variable }) => variable === name)?.byDefault, name)
  }
})
