import type { AddressInfo } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import { buildApp, type TidingsApp } from '../../src/app.ts'
import type { Authenticator } from '../../src/auth/authenticator.ts'
import { type Settings, settingsSchema } from '../../src/config/settings.ts'
import type { Log } from '../../src/log/log.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { openAuthenticator } from '../../src/open-authenticator.ts'
import type { Clock } from '../../src/stream/clock.ts'

/** The whole service on a free port of the loopback. */
export interface RunningApp {
  readonly app: TidingsApp
  readonly log: Log
  readonly port: number
  readonly url: string
}

/** What a test may want otherwise. */
export interface AppOptions {
  /** instead of the defaults */
  readonly settings?: Partial<Settings>
  /** default: as the settings say */
  readonly authenticator?: Authenticator
  /** default: a memory log, kept as the settings say */
  readonly log?: Log
  readonly clock?: Clock
  /** default: none */
  readonly logger?: FastifyBaseLogger
}

/** How many timers the service has set when there is nobody: the dispatcher's. */
export const OWN_TIMERS = 1

/** Listens until `t` ends. */
export async function startApp(
  t: { teardown(fn: () => Promise<void>): void },
  { settings: wanted = {}, authenticator, log, clock, logger }: AppOptions = {},
): Promise<RunningApp> {
  const settings = settingsSchema.parse(wanted)
  const itsLog = log ?? openMemoryLog(settings, clock?.now)
  const app = await buildApp({
    settings,
    authenticator: authenticator ?? openAuthenticator(settings, clock),
    log: itsLog,
    ...(clock && { clock }),
    ...(logger && { logger }),
  })
  await app.server.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    await app.server.close()
    await itsLog.close()
  })
  const { port } = app.server.server.address() as AddressInfo
  return { app, log: itsLog, port, url: `http://127.0.0.1:${port}` }
}
