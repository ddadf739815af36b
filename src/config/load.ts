import { readFileSync } from 'node:fs'
import { closest, distance } from 'fastest-levenshtein'
import {
  clashes,
  SETTINGS,
  type SettingInfo,
  type SettingKey,
  type Settings,
  settingsSchema,
} from './settings.ts'

/** The variable that names a file of settings: a JSON object, keys as in `Settings`. */
export const FILE_VARIABLE = 'TIDINGS_CONFIG'

/** The settings can't be used: one line for each problem, which names the setting, what it was and what it may be. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const lines = problems.map((problem) => problem.replace(/\s+/g, ' '))
    super(lines.join('\n'))
    this.problems = lines
  }
}

/** Where a setting in force comes from: its default, the environment, or the file of this path. */
export type Provenance = 'default' | 'environment' | { readonly file: string }

/** The settings, and where each comes from. */
export interface LoadedSettings {
  readonly settings: Settings
  readonly provenance: ReadonlyMap<SettingKey, Provenance>
}

/** Values from one source under their keys, and what is wrong with the source. */
interface Source {
  readonly provenance: Provenance
  readonly values: Partial<Record<SettingKey, unknown>>
  readonly problems: readonly string[]
}

/**
 * Puts the settings together: defaults, over them the file that `TIDINGS_CONFIG` names, over that the environment.
 *
 * A value that may not stand is a problem even where another source overrides it, and so is a name that is no setting.
 *
 * @param env the environment, of which only names that begin with `TIDINGS_` are looked at
 * @param readFile reads a file as UTF-8 text, or throws
 * @throws SettingsError with all problems at once
 */
export function loadSettings(env: NodeJS.ProcessEnv, readFile = readUtf8): Settings {
  return loadWithProvenance(env, readFile).settings
}

/**
 * The same, and says where each setting comes from.
 * @throws SettingsError with all problems at once
 */
export function loadWithProvenance(env: NodeJS.ProcessEnv, readFile = readUtf8): LoadedSettings {
  const path = env[FILE_VARIABLE]
  const sources = [...(path === undefined ? [] : [fromFile(path, readFile)]), fromEnvironment(env)]
  const problems = sources.flatMap((source) => source.problems)
  if (problems.length > 0) throw new SettingsError(problems)
  const chosen = Object.assign({}, ...sources.map((source) => source.values))
  const settings = settingsSchema.parse(chosen)
  const together = clashes(settings, new Set(Object.keys(chosen)))
  if (together.length > 0) throw new SettingsError(together)
  const provenance = new Map(SETTINGS.map(({ key }): [SettingKey, Provenance] => [key, 'default']))
  for (const source of sources) {
    for (const key of Object.keys(source.values)) provenance.set(key as SettingKey, source.provenance)
  }
  return { settings, provenance }
}

function fromEnvironment(env: NodeJS.ProcessEnv): Source {
  const given = Object.entries(env).filter(
    ([name, value]) => name.startsWith('TIDINGS_') && name !== FILE_VARIABLE && value !== undefined,
  )
  const known = new Map(SETTINGS.map((setting) => [setting.variable, setting]))
  return { provenance: 'environment', ...check(given, known, (name) => name) }
}

function fromFile(path: string, readFile: (path: string) => string): Source {
  const provenance = { file: path }
  const refuse = (why: string): Source => ({
    provenance,
    values: {},
    problems: [`${FILE_VARIABLE} was ${quote(path)}: it must name a file with one JSON object (${why})`],
  })
  let content: unknown
  try {
    content = JSON.parse(readFile(path))
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return refuse('it has another JSON value')
  }
  const known = new Map<string, SettingInfo>(SETTINGS.map((setting) => [setting.key, setting]))
  return { provenance, ...check(Object.entries(content), known, (name) => `${name} in ${path}`) }
}

/**
 * @param given names and values as the operator wrote them
 * @param known the settings under the names that they have in this source
 * @param show how a problem calls a name of this source
 */
function check(
  given: readonly (readonly [string, unknown])[],
  known: ReadonlyMap<string, SettingInfo>,
  show: (name: string) => string,
): Omit<Source, 'provenance'> {
  const values: Partial<Record<SettingKey, unknown>> = {}
  const problems: string[] = []
  for (const [name, value] of given) {
    const setting = known.get(name)
    if (!setting) {
      problems.push(
        `${show(name)} was ${quote(value)}: there is no such setting${suggest(name, known.keys())}`,
      )
    } else if (!setting.accepts(value)) {
      problems.push(
        `${show(name)} was ${setting.secret ? '(not shown)' : quote(value)}: it must be ${setting.expected}`,
      )
    } else {
      values[setting.key] = value
    }
  }
  return { values, problems }
}

function suggest(name: string, known: Iterable<string>): string {
  const nearest = closest(name, [...known])
  return distance(name, nearest) <= name.length / 3 ? `; did you mean ${nearest}?` : ''
}

/** The value on one line; at most 200 characters, so that a file pasted into a variable doesn't bury the other problems. */
function quote(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}

function readUtf8(path: string): string {
  return readFileSync(path, 'utf8')
}
