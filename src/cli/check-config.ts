import { type LoadedSettings, loadWithProvenance, type Provenance } from '../config/load.ts'
import { SETTINGS } from '../config/settings.ts'
import { openAuthenticator } from '../open-authenticator.ts'
import { type Command, parse } from './command.ts'
import { table } from './table.ts'

/** `tidings check-config`: what `tidings serve` would run with, or why it would not. */
export const checkConfigCommand: Command = {
  summary: 'prints the settings in force, and where they come from',
  usage: `tidings check-config

Prints every setting that is in force, as JSON, and where it comes from: the environment, the file that TIDINGS_CONFIG names, or
its default. Secrets are not shown. When the settings can't be used it says why, a line for each problem, and exits with 78, just
as the service would. Nothing is started, and no network is used.

Examples:
  tidings check-config
  TIDINGS_CONFIG=/etc/tidings.json tidings check-config | grep -v default`,
  async run(args, { env, print }) {
    parse({ args, options: {} })
    const loaded = loadWithProvenance(env)
    // It reads the files that settings name.
    openAuthenticator(loaded.settings)
    await print(tableOf(loaded))
  },
}

function tableOf({ settings, provenance }: LoadedSettings): string {
  return table(
    SETTINGS.map(({ key, variable, secret }) => {
      const from = provenance.get(key) ?? 'default'
      const value = secret && from !== 'default' ? '(not shown)' : JSON.stringify(settings[key])
      return [variable, value, wordsOf(from)]
    }),
  )
}

function wordsOf(provenance: Provenance): string {
  return typeof provenance === 'string' ? provenance : `file ${provenance.file}`
}
