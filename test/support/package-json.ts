import { readFileSync } from 'node:fs'

/** The repository's package.json: what the tests look at. */
export function packageJson(): { version: string; scripts: { start: string } } {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
}
