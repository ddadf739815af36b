import type { Settings } from './config/settings.ts'
import { openEmbeddedLog } from './log/embedded.ts'
import type { Log } from './log/log.ts'
import { openMemoryLog } from './log/memory.ts'
import type { Credentials, Tls } from './log/nats/credentials.ts'
import { openNatsLog } from './log/nats/nats.ts'

/** A log that may not be within reach yet. */
export interface OpenedLog {
  readonly log: Log
  /** resolves when it can be used; rejects when it never will be, as things stand */
  readonly ready: Promise<void>
}

/**
 * Opens the log that the settings ask for: the choice of driver.
 * @throws Error that names the directory when the embedded log's can't be used
 */
export function openLog(settings: Settings): OpenedLog {
  switch (settings.log) {
    case 'embedded':
      return { log: openEmbeddedLog(settings.dataDir, settings), ready: Promise.resolve() }
    case 'memory':
      return { log: openMemoryLog(settings), ready: Promise.resolve() }
    case 'nats': {
      const log = openNatsLog({
        ...settings,
        name: settings.natsStream,
        replicas: settings.natsReplicas,
        servers: settings.natsUrl.split(','),
        ...tls(settings),
        ...credentials(settings),
      })
      return { log, ready: log.ready }
    }
  }
}

/** An authority of one's own to trust, or an address that says so, asks for TLS; otherwise the server does, or not. */
function tls({ natsCaFile, natsUrl }: Settings): { tls?: Tls } {
  if (natsCaFile !== '') return { tls: { caFile: natsCaFile } }
  return natsUrl.includes('tls://') ? { tls: {} } : {}
}

function credentials(settings: Settings): { credentials?: Credentials } {
  const { natsUser: user, natsPassword: password, natsToken: token, natsNkey: nkey, natsCredsFile } = settings
  if (user !== '') return { credentials: { user, password } }
  if (token !== '') return { credentials: { token } }
  if (nkey !== '') return { credentials: { nkey } }
  if (natsCredsFile !== '') return { credentials: { credsFile: natsCredsFile } }
  return {}
}
