import cluster, { type Worker } from 'node:cluster'
import { constants } from 'node:os'
import { type Logger, pino } from 'pino'
import { type AppSiblings, buildApp } from './app.ts'
import { Survey } from './cluster/survey.ts'
import { onOrphaned, shareOf } from './cluster/worker.ts'
import { EX_CONFIG, WorkerFailed, Workers } from './cluster/workers.ts'
import { loadSettings, SettingsError } from './config/load.ts'
import type { Settings } from './config/settings.ts'
import type { Metric } from './http/metrics/exposition.ts'
import { StreamMisfit } from './log/nats/stream.ts'
import { openAuthenticator } from './open-authenticator.ts'
import { openLog } from './open-log.ts'
import type { StatsDocument } from './protocol/stats.ts'

/** Under `npm start`, Ctrl-C comes twice: from the terminal to the whole process group, and passed on by npm; and so to workers. */
const SAME_SIGNAL_MS = 500

/**
 * Connections that may wait to be accepted; the system may allow fewer (net.core.somaxconn). Beyond Node's own 511, when thousands come
 * back at once, a client is not heard, and tries again after one second, two, four.
 */
const BACKLOG = 65_535

async function start(): Promise<void> {
  const settings = loadSettings(process.env)
  const logger = pino({ level: settings.logLevel })
  const { worker } = cluster
  if (worker) {
    await serve(shareOf(settings), logger.child({ worker: worker.id }), siblingsOf(worker, settings))
  } else if (settings.workers > 1) lead(settings, logger)
  else await serve(settings, logger)
}

function siblingsOf(worker: Worker, { workers }: Settings): AppSiblings {
  return {
    name: String(worker.id),
    figures: new Survey<StatsDocument>(worker, workers - 1, 'figures'),
    metrics: new Survey<readonly Metric[]>(worker, workers - 1, 'metrics'),
  }
}

/** Serves nobody itself, but has workers that do. */
function lead({ workers: count }: Settings, logger: Logger): void {
  const workers = new Workers(count, logger, fail)
  process.on('exit', () => workers.kill())
  stopWhenTold(() => workers.drain(), logger)
}

async function serve(settings: Settings, logger: Logger, siblings?: AppSiblings): Promise<void> {
  const authenticator = openAuthenticator(settings, { logger })
  const { log, ready } = openLog(settings)
  // Only what no patience can mend is told here; until then the service runs, and says why it is not ready.
  ready.catch(fail)
  const app = await buildApp({ settings, authenticator, log, logger, siblings })
  // Before it listens: whoever sees the address in the output may send a signal at once.
  stopWhenTold(() => app.drain().then(() => log.close()), logger)
  await app.server.listen({ host: settings.host, port: settings.port, backlog: BACKLOG })
}

/**
 * Drains and exits at the first signal, or when nobody is left to send one; at the second signal, exits at once with the status that
 * the signal alone would have given.
 */
function stopWhenTold(drain: () => Promise<void>, logger: Logger): void {
  let stoppingSince: number | undefined
  const stop = (why: object) => {
    if (stoppingSince !== undefined) return
    stoppingSince = performance.now()
    logger.info(why, 'draining')
    drain().then(() => process.exit(0), fail)
  }
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (stoppingSince !== undefined && performance.now() - stoppingSince > SAME_SIGNAL_MS) {
      process.exit(128 + constants.signals[signal])
    }
    stop({ signal })
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  onOrphaned(() => stop({ orphaned: true }))
}

/** Says on standard error what is in the way, and exits: 78 for settings, and a stream that they don't fit, 1 for all else. */
function fail(error: unknown): never {
  if (error instanceof WorkerFailed) process.exit(error.status)
  console.error(error instanceof Error ? error.message : error)
  process.exit(error instanceof SettingsError || error instanceof StreamMisfit ? EX_CONFIG : 1)
}

start().catch(fail)
