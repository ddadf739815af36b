import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { Bounds, LogOptions } from '../log.ts'
import { Subjects } from './subjects.ts'

/** The streams of a log: that of its notifications, and that of its schedule. */
export interface StreamOptions extends LogOptions {
  /** the stream's name and its subjects' first token; two services of unlike names share a NATS without meeting */
  readonly name: string
  /** on how many servers of a cluster the stream is kept, 1 to 5 */
  readonly replicas: number
}

/** There is a stream of that name which can't hold the log. It takes a human: trying again is of no use. */
export class StreamMisfit extends Error {
  override readonly name = 'StreamMisfit'
}

// Codes of the server's API errors that the client has no names for.
const STREAM_NAME_EXISTS = 10058
const REPLICAS_NEED_A_CLUSTER = 10074

/** A stream as it has to be. */
export interface StreamShape {
  readonly name: string
  /** what correctness rests on */
  readonly essentials: Partial<StreamConfig>
  /** what a changed setting may change in place, for no notification is lost or doubled by it */
  readonly limits: Partial<StreamConfig>
}

/** What the streams have in common: nothing taken but what the limits take, everything on disk. */
function common({ replicas }: StreamOptions) {
  return {
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    num_replicas: replicas,
    max_msgs: -1,
    max_msg_size: -1,
    max_consumers: -1,
    no_ack: false,
  } satisfies Partial<StreamConfig>
}

/** The stream of the notifications: positions without holes, and the oldest go first. */
export function logStream(options: StreamOptions): StreamShape {
  return {
    name: options.name,
    essentials: { ...common(options), subjects: [new Subjects(options.name).all], max_msgs_per_subject: -1 },
    limits: {
      max_age: nanos(options.retentionSeconds * 1000),
      max_bytes: options.retentionBytes,
      duplicate_window: nanos(idempotencyWindow(options)),
    },
  }
}

/** The stream of the schedule: one record for each notification, kept until it is taken away. */
export function scheduleStream(options: StreamOptions): StreamShape {
  return {
    name: `${options.name}-schedule`,
    essentials: {
      ...common(options),
      subjects: [`${options.name}.schedule.*`],
      max_msgs_per_subject: 1,
      max_age: 0,
      max_bytes: -1,
    },
    limits: { duplicate_window: nanos(idempotencyWindow(options)) },
  }
}

/** What would make it another stream altogether; Tidings sets none of it. */
const FOREIGN = ['mirror', 'sources', 'subject_transform'] as const satisfies readonly (keyof StreamConfig)[]

/** For how many milliseconds an identity is remembered: JetStream has no window longer than the retention. */
export function idempotencyWindow({ idempotencySeconds, retentionSeconds }: LogOptions): number {
  return Math.min(idempotencySeconds, retentionSeconds) * 1000
}

/**
 * Sees to it that the stream is there, fits, and has the limits of the settings; as many instances as like may do so at once. When
 * instances with unlike settings start, the limits are those of the last one.
 *
 * @throws StreamMisfit when there is a stream of that name that can't be used, or the server can't have such a stream
 */
export async function provision(jsm: JetStreamManager, shape: StreamShape): Promise<void> {
  const { config } = await describe(jsm, shape)
  if (differences(config, shape.limits).length > 0) await jsm.streams.update(shape.name, shape.limits)
}

/**
 * Describes the stream as its leader knows it; makes it when it is not there (any more).
 * @throws StreamMisfit
 */
export async function describe(jsm: JetStreamManager, shape: StreamShape): Promise<StreamInfo> {
  const { name, essentials } = shape
  const info = await jsm.streams.info(name).catch((error: unknown) => {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return create(jsm, shape)
    throw error
  })
  const wrong = [
    ...differences(info.config, essentials),
    ...FOREIGN.filter((setting) => info.config[setting] !== undefined).map((setting) => `${setting} is set`),
  ]
  if (wrong.length === 0) return info
  throw new StreamMisfit(
    `the stream ${name} does not fit: ${wrong.join('; ')}. ` +
      `Change it (nats stream edit ${name}), remove it, or let Tidings use another name.`,
  )
}

/** The log's ends, and its epoch: the nanosecond at which the stream was made. */
export function boundsOf({ created, state }: StreamInfo): Bounds {
  const [seconds = '', fraction = ''] = created.replace('Z', '').split('.')
  const epoch = BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
  const first = state.messages === 0 ? state.last_seq + 1 : state.first_seq
  return { epoch: epoch.toString(36), first, last: state.last_seq }
}

async function create(jsm: JetStreamManager, { name, essentials, limits }: StreamShape): Promise<StreamInfo> {
  try {
    return await jsm.streams.add({ name, ...essentials, ...limits })
  } catch (error) {
    // Another instance was faster, with other limits.
    if (isApiError(error, STREAM_NAME_EXISTS)) return jsm.streams.info(name)
    if (isApiError(error, REPLICAS_NEED_A_CLUSTER)) {
      throw new StreamMisfit(
        `${essentials.num_replicas} replicas need a NATS cluster, and this is a single server`,
      )
    }
    throw error
  }
}

function differences(config: StreamConfig, wanted: Partial<StreamConfig>): string[] {
  return Object.entries(wanted).flatMap(([setting, value]) => {
    const actual = JSON.stringify(config[setting as keyof StreamConfig] ?? false)
    return actual === JSON.stringify(value) ? [] : [`${setting} is ${actual}, not ${JSON.stringify(value)}`]
  })
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}
