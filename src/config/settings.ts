import { z } from 'zod'
import { authClashes, authShape } from './auth.ts'
import { bytes, type Explanation, explain, oneOf, secret, text, whole } from './kinds.ts'
import { limitsShape } from './limits.ts'
import { networkShape } from './network.ts'

const DAY = 86_400
const YEAR = 366 * DAY

/** One entry a setting, in the order of the README's table: type, bounds, default and meaning have no other source. */
const shape = {
  host: text(
    'an address or host name without white space',
    /^[^\s\0]{1,255}$/,
    '127.0.0.1',
    'Address to listen on.',
  ),
  port: whole(0, 65_535, 8080, 'TCP port to listen on; 0 takes a free one and logs which.'),
  workers: whole(
    1,
    256,
    1,
    'Processes that share the port and the log, one for each core that the service may have. `memory` takes one.',
  ),
  ...authShape,
  ...networkShape,
  log: oneOf(
    ['embedded', 'memory', 'nats'],
    'embedded',
    'Where notifications are kept: on disk in the data directory, in memory until the process ends, or in NATS JetStream, shared by all instances.',
  ),
  dataDir: text(
    'a path of 1 to 4096 characters',
    /^[^\0]{1,4096}$/,
    './data',
    'Directory of the embedded log; made when it is not there.',
  ),
  natsUrl: text(
    'one or more nats:// or tls:// addresses without user and password, separated by commas',
    /^(nats|tls):\/\/[^\s,@/]+(,(nats|tls):\/\/[^\s,@/]+)*$/,
    'nats://127.0.0.1:4222',
    'Servers of the NATS cluster, tried in random order.',
  ),
  natsStream: text(
    '1 to 32 of A-Z a-z 0-9 _ -',
    /^[A-Za-z0-9_-]{1,32}$/,
    'tidings',
    'Name of the JetStream stream, and first token of its subjects.',
  ),
  natsReplicas: whole(1, 5, 1, 'Servers of the NATS cluster that keep each notification.'),
  natsUser: text('at most 255 characters', /^[^\0]{0,255}$/, '', 'User at NATS.'),
  natsPassword: secret('at most 1024 characters', /^[^\0]{0,1024}$/, 'Password of that user.'),
  natsToken: secret('at most 1024 characters', /^[^\0]{0,1024}$/, 'Token for NATS.'),
  natsNkey: secret('a user seed, SU and 56 of A-Z 2-7', /^(SU[A-Z2-7]{56})?$/, 'Nkey seed for NATS.'),
  natsCredsFile: text(
    'a path of at most 4096 characters',
    /^[^\0]{0,4096}$/,
    '',
    'File with a JWT and a seed for NATS, as `nsc generate creds` writes it.',
  ),
  natsCaFile: text(
    'a path of at most 4096 characters',
    /^[^\0]{0,4096}$/,
    '',
    "PEM file with the authorities that sign the NATS servers' certificates, instead of the public ones.",
  ),
  retentionSeconds: whole(1, 10 * YEAR, DAY, 'How long a notification is kept, in seconds.'),
  retentionBytes: bytes('1 KiB', '1024 GiB', '1 GiB', 'How much is kept; the oldest goes first.'),
  idempotencySeconds: whole(
    1,
    7 * DAY,
    120,
    'How long the same publish sent again is recognised and stored once, in seconds.',
  ),
  heartbeatSeconds: whole(1, 3600, 15, 'The longest silence on a stream, in seconds.'),
  drainSeconds: whole(
    0,
    3600,
    20,
    'How long open streams are given to go elsewhere when the process is told to stop, in seconds; 0 closes them at once.',
  ),
  ...limitsShape,
  maxChannels: whole(1, 100, 100, 'Channels and patterns of one subscriber.'),
  maxBodyBytes: bytes('1 KiB', '256 MiB', '8 MiB', 'Size of the body of a publish.'),
  maxFrameBytes: bytes('128', '1 MiB', '64 KiB', 'Size of a WebSocket message from a client.'),
  windowBytes: bytes(
    '64 KiB',
    '64 GiB',
    '32 MiB',
    'Memory for the newest notifications, from which returning clients are served without a read of the log.',
  ),
  maxAgeSeconds: whole(
    0,
    YEAR,
    3600,
    'Age at which a stream is closed with `bye` `max-age`, in seconds; 0 never does.',
  ),
  stallSeconds: whole(
    1,
    DAY,
    120,
    'How long the peer of a stream may take no bytes before the stream is closed, in seconds.',
  ),
  requestTimeoutSeconds: whole(1, 3600, 30, 'Time in which a request must have arrived whole, in seconds.'),
  logLevel: oneOf(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'The least level of the JSON lines that the service writes about itself to standard output.',
  ),
}

/** The settings as one schema: it takes the values under their keys, fills in defaults, and freezes the result. */
export const settingsSchema = z.strictObject(shape).readonly()

/** Everything an operator can choose; immutable. Units are in the names: seconds, bytes. */
export type Settings = z.output<typeof settingsSchema>

/** A setting's key, as in the file and in `Settings`. */
export type SettingKey = keyof typeof shape

/** A setting as operators know it. */
export interface SettingInfo extends Explanation {
  /** its name in the file named by `TIDINGS_CONFIG` */
  readonly key: SettingKey
  /** its name in the environment */
  readonly variable: string
  /** as one would write it */
  readonly byDefault: string
  /** says whether a value from the file or the environment may stand */
  readonly accepts: (value: unknown) => boolean
}

/** All settings, in the README's order. */
export const SETTINGS: readonly SettingInfo[] = Object.entries(shape).map(([key, schema]) => ({
  key: key as SettingKey,
  variable: `TIDINGS_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
  byDefault: String(schema.def.defaultValue),
  accepts: (value) => schema.safeParse(value).success,
  ...explain(schema),
}))

/**
 * What is wrong with settings each of which may stand by itself: a line for each problem.
 * @param chosen the settings that are not there by default
 */
export function clashes(settings: Settings, chosen: ReadonlySet<string>): string[] {
  const { natsUser, natsPassword, natsToken, natsNkey, natsCredsFile } = settings
  const ways = [natsUser || natsPassword, natsToken, natsNkey, natsCredsFile].filter(Boolean)
  return [
    ...authClashes(settings, chosen),
    ...(settings.log === 'memory' && settings.workers > 1
      ? [
          `TIDINGS_WORKERS was ${settings.workers}: it must be 1 with TIDINGS_LOG "memory", which no other process can share`,
        ]
      : []),
    ...(ways.length > 1
      ? [
          'TIDINGS_NATS_USER with its password, _TOKEN, _NKEY and _CREDS_FILE were set together: it must be one of them',
        ]
      : []),
    ...((natsUser === '') !== (natsPassword === '')
      ? ['TIDINGS_NATS_USER or TIDINGS_NATS_PASSWORD was set alone: it must be both or neither']
      : []),
  ]
}
