import type { StreamInfo } from '@nats-io/jetstream'
import type { ChannelSet } from '../../protocol/channel-set.ts'
import {
  type Appended,
  type Bounds,
  type Draft,
  type Log,
  LogUnavailable,
  type Notification,
  type Page,
  startLogStats,
} from '../log.ts'
import { Appender } from './append.ts'
import { Connection, type ConnectionOptions, type Link } from './connection.ts'
import { findNewest } from './newest.ts'
import { NatsPeers } from './peers.ts'
import { readPage, type Source } from './read.ts'
import { JetStreamSchedule } from './schedule.ts'
import { ScheduleRecords } from './schedule-records.ts'
import {
  boundsOf,
  describe,
  idempotencyWindow,
  logStream,
  provision,
  type StreamOptions,
  type StreamShape,
  scheduleStream,
} from './stream.ts'
import { Subjects } from './subjects.ts'
import { Tail } from './tail.ts'
import { Turns } from './turns.ts'

/** How long a publish may take, in milliseconds, unless the options say otherwise. */
const PATIENCE = 5000
/** The most reads at once: each holds up to 100 filters' worth of messages. One that waits holds only its question. */
const READS = 16
/**
 * The most filters read at once, of all reads: each may have 200 KiB on its way on the one connection, and a server ends a connection
 * for which it holds more than 64 MiB (`max_pending`), with all that is on it.
 */
const FILTERS = 64

/** What a log on NATS needs to know. */
export interface NatsLogOptions extends ConnectionOptions, StreamOptions {
  /** after so many milliseconds without acknowledgement an append fails */
  readonly appendTimeout?: number
}

/** A log in a JetStream stream, shared by all instances of the service. */
export interface NatsLog extends Log {
  /**
   * Resolves when the log can be used for the first time; until then, and whenever NATS can't be reached, calls throw
   * LogUnavailable with the reason.
   * @throws StreamMisfit when there is a stream that can't hold the log: the process should end
   */
  readonly ready: Promise<void>
}

/** Opens a log on NATS at once, and keeps trying when it can't be reached. */
export function openNatsLog(options: NatsLogOptions): NatsLog {
  return new JetStreamLog(options)
}

class JetStreamLog implements NatsLog {
  readonly stats = startLogStats()
  readonly ready: Promise<void>
  readonly schedule: JetStreamSchedule
  readonly peers: NatsPeers
  readonly #stream: StreamShape
  readonly #subjects: Subjects
  readonly #connection: Connection
  readonly #appender: Appender
  readonly #tails = new Set<Tail>()
  readonly #reads = new Turns(READS)
  readonly #filters = new Turns(FILTERS)
  /** The epoch that was answered last: positions given to `tail` belong to it. */
  #epoch: string | undefined
  #closing: Promise<void> | undefined

  constructor(options: NatsLogOptions) {
    const { name, appendTimeout = PATIENCE } = options
    this.#stream = logStream(options)
    this.#subjects = new Subjects(name)
    const itsSchedule = scheduleStream(options)
    this.#connection = new Connection(options, async ({ jsm }) => {
      await provision(jsm, this.#stream)
      await provision(jsm, itsSchedule)
    })
    this.#connection.onLink(() => this.stats.connects++)
    this.peers = new NatsPeers(this.#connection, options.name)
    this.ready = this.#connection.ready
    // What is sent again after the window is stored twice; half of it is for what is slow on its way.
    const patience = Math.min(appendTimeout, idempotencyWindow(options) / 2)
    this.#appender = new Appender(this.#connection, this.#subjects, patience)
    this.schedule = new JetStreamSchedule(
      this,
      new ScheduleRecords({
        stream: itsSchedule,
        ask: (question) => this.#ask(({ link }) => question(link)),
        publish: async (messages) => {
          this.#checkOpen()
          return this.#appender.publish(messages)
        },
      }),
      options,
    )
  }

  async append(drafts: readonly Draft[]): Promise<Appended[]> {
    this.#checkOpen()
    return this.#appender.append(drafts)
  }

  tail(
    after: number,
    onBatch: (batch: readonly Notification[]) => void,
    onReset: (bounds: Bounds) => void,
  ): () => void {
    this.#checkOpen()
    const describe = (link: Link) => this.#describe(link)
    const tail = new Tail(this.#connection, {
      ...{ stream: this.#stream.name, subjects: this.#subjects, describe },
      ...{ after, epoch: this.#epoch, onBatch, onReset, stats: this.stats },
    })
    this.#tails.add(tail)
    return () => {
      this.#tails.delete(tail)
      tail.stop()
    }
  }

  async read(channels: ChannelSet, after: number, limit: number): Promise<Page> {
    return this.readAsOf(Date.now(), channels, after, limit)
  }

  /** See `Log.read`; `ttl` is judged by `now`, milliseconds since 1970. */
  readAsOf(now: number, channels: ChannelSet, after: number, limit: number): Promise<Page> {
    return this.#reads.take(() => this.#ask((source) => readPage(source, channels, after, limit, now)))
  }

  async newest(channels: ChannelSet, count: number): Promise<number> {
    return this.#reads.take(() => this.#ask((source) => findNewest(source, channels, count)))
  }

  async bounds(): Promise<Bounds> {
    const bounds = await this.#ask(async ({ describe }) => boundsOf(await describe()))
    this.#epoch = bounds.epoch
    return bounds
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    for (const tail of this.#tails) tail.stop()
    this.#tails.clear()
    await this.#appender.drain()
    this.peers.close()
    await this.#connection.close()
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new LogUnavailable('the log is closed')
  }

  /** Asks NATS; whatever goes wrong there is LogUnavailable. */
  async #ask<Answer>(question: (source: Source) => Promise<Answer>): Promise<Answer> {
    this.#checkOpen()
    const { link } = this.#connection
    const source = {
      ...{ link, stream: this.#stream.name, subjects: this.#subjects, filters: this.#filters },
      describe: () => this.#describe(link),
    }
    try {
      return await question(source)
    } catch (error) {
      if (error instanceof LogUnavailable) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new LogUnavailable(`NATS: ${why}`, { cause: error })
    }
  }

  #describe({ jsm }: Link): Promise<StreamInfo> {
    return describe(jsm, this.#stream)
  }
}
