/** `npm run bench -- NAME`: runs one benchmark. Each prints its figures, and its ratios to peers measured in the same run. */
import { readdirSync } from 'node:fs'

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))

const [name = ''] = process.argv.slice(2)
if (names.includes(name)) {
  await import(`./${name}.ts`)
} else {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${names.join(', ')}\n`)
  process.exitCode = 2
}
