import { constants } from 'node:os'
import { type Logger, pino } from 'pino'
import { buildApp, type TidingsApp } from './app.ts'
import { loadSettings, SettingsError } from './config/load.ts'
import type { Log } from './log/log.ts'
import { StreamMisfit } from './log/nats/stream.ts'
import { openAuthenticator } from './open-authenticator.ts'
import { openLog } from './open-log.ts'

/** sysexits.h EX_CONFIG: the settings can't be used, and a supervisor need not try again. */
const EX_CONFIG = 78

/** Under `npm start`, Ctrl-C comes twice: from the terminal to the whole process group, and passed on by npm. */
const SAME_SIGNAL_MS = 500

async function start(): Promise<void> {
  const settings = loadSettings(process.env)
  const logger = pino({ level: settings.logLevel })
  const authenticator = openAuthenticator(settings, { logger })
  const { log, ready } = openLog(settings)
  // Only what no patience can mend is told here; until then the service runs, and says why it is not ready.
  ready.catch(fail)
  const app = await buildApp({ settings, authenticator, log, logger })
  // Before it listens: whoever sees the address in the output may send a signal at once.
  stopOnSignal(app, log, logger)
  await app.server.listen({ host: settings.host, port: settings.port })
}

/** Drains at the first signal; at the second, exits at once with the status that the signal alone would have given. */
function stopOnSignal(app: TidingsApp, log: Log, logger: Logger): void {
  let stoppingSince: number | undefined
  const stop = (signal: 'SIGINT' | 'SIGTERM') => {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now()
      logger.info({ signal }, 'draining')
      app
        .drain()
        .then(() => log.close())
        .then(() => process.exit(0), fail)
    } else if (performance.now() - stoppingSince > SAME_SIGNAL_MS) {
      process.exit(128 + constants.signals[signal])
    }
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

/** Says on standard error what is in the way, and exits: 78 for settings, and a stream that they don't fit, 1 for all else. */
function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error)
  process.exit(error instanceof SettingsError || error instanceof StreamMisfit ? EX_CONFIG : 1)
}

start().catch(fail)
