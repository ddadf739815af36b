import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** The packages that `npm ci --omit=dev` puts right into node_modules; those within them come along. */
export function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile
  return Object.entries(packages).flatMap(([path, { dev }]) => {
    const [, name, ...within] = path.split(/(?:^|\/)node_modules\//)
    const isWanted = name !== undefined && within.length === 0 && !dev
    // Some are for other machines than this one.
    return isWanted && existsSync(join(ROOT, path)) ? [name] : []
  })
}

/** Gives `directory` packages of the repository, as an installation would, without asking a registry. */
export function linkPackages(directory: string, names: readonly string[]): void {
  for (const name of names) {
    const link = join(directory, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
}
