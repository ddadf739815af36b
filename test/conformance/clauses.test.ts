import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'

const CLAUSE = /\bP-\d+\b/g

t.test(
  'every clause of PROTOCOL.md is named by a test here, and every one that is named exists',
  async (t) => {
    const protocol = await readFile(new URL('../../PROTOCOL.md', import.meta.url), 'utf8')
    const clauses = new Set([...protocol.matchAll(/^- \*\*(P-\d+)\*\*/gm)].map(([, clause]) => clause))
    t.ok(clauses.size > 40, 'the clauses are found')

    const here = new URL('./', import.meta.url)
    const files = (await readdir(here)).filter((name) => name.endsWith('.test.ts'))
    const sources = await Promise.all(files.map((name) => readFile(new URL(name, here), 'utf8')))
    const titles = sources.flatMap((source) =>
      [...source.matchAll(/\bt\.test\(\s*(['"`])(.+?)\1,/g)].map(([, , title = '']) => title),
    )
    t.ok(titles.length > 30, 'the titles are found')
    const named = new Set(titles.flatMap((title) => title.match(CLAUSE) ?? []))
    t.strictSame(
      [...clauses].filter((clause) => !named.has(clause ?? '')),
      [],
      'clauses without a test',
    )
    t.strictSame(
      [...named].filter((clause) => !clauses.has(clause)),
      [],
      'names of clauses that are not there',
    )
  },
)
