/** `npm run docs`: writes the generated parts of the documents; with `--check` only says whether they are up to date. */
import { writeFileSync } from 'node:fs'
import { draftDocuments } from './generated.ts'

const check = process.argv.includes('--check')

for (const { document, actual, wanted } of draftDocuments()) {
  if (actual === wanted) continue
  if (check) {
    console.error(`${document} is not what the source says: run \`npm run docs\``)
    process.exitCode = 1
  } else {
    writeFileSync(new URL(`../${document}`, import.meta.url), wanted)
    console.log(`wrote ${document}`)
  }
}
