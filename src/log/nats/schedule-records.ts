import { randomUUID } from 'node:crypto'
import { JetStreamApiError, type StoredMsg } from '@nats-io/jetstream'
import type { Appended } from '../log.ts'
import { Superseded } from './append.ts'
import type { Link } from './connection.ts'
import { Consumer } from './consumer.ts'
import type { Outgoing } from './message.ts'
import { ATTEMPT, decodeOutline, encodeRecord, type Outline, type Record } from './schedule-record.ts'
import { boundsOf, describe, type StreamShape } from './stream.ts'

/** The most outlines read at once. */
const PAGE = 1000

/** What the records need. */
export interface RecordsOptions {
  readonly stream: StreamShape
  /** asks NATS; whatever goes wrong there is LogUnavailable */
  readonly ask: <Answer>(question: (link: Link) => Promise<Answer>) => Promise<Answer>
  /** has messages stored; throws LogUnavailable, Superseded */
  readonly publish: (messages: readonly Outgoing[]) => Promise<Appended[]>
}

/** A record and where it is in the schedule's stream. */
export interface Found {
  readonly record: Record
  readonly sequence: number
  /** of those to put it there, which one did */
  readonly attempt: string
}

/** Where somebody who reads the outlines has come. */
export interface Place {
  readonly epoch: string
  readonly sequence: number
}

/** The outlines behind a place, as far as another. */
export interface Outlines {
  readonly outlines: readonly (Outline & { readonly subject: string; readonly sequence: number })[]
  readonly through: Place
  /** there are more */
  readonly more: boolean
}

/**
 * The records of the schedule: a stream that keeps the last message on each subject. One takes the place of another only while that is
 * the last, so of several who want to change the same record one does. All methods throw LogUnavailable.
 */
export class ScheduleRecords {
  readonly #options: RecordsOptions

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  /** The last record on a subject. */
  latest(subject: string): Promise<Found | undefined> {
    return this.#get({ last_by_subj: subject })
  }

  /** The record with that sequence, if it is the last on its subject still. */
  at(sequence: number): Promise<Found | undefined> {
    return this.#get({ seq: sequence })
  }

  /**
   * Puts a record in the place of the one with that sequence; 0 says that there is none.
   * @returns its own sequence; `undefined` when something else is there
   */
  async replace(subject: string, record: Record, expected: number): Promise<number | undefined> {
    const attempt = randomUUID()
    try {
      const [outcome] = await this.#options.publish([encodeRecord(subject, record, expected, attempt)])
      if (!outcome?.duplicate) return outcome?.position
      // Of what was to come behind the same record another was first; or this one was, and had to be sent again.
      const first = await this.#get({ seq: outcome.position })
      return first?.attempt === attempt ? outcome.position : undefined
    } catch (error) {
      if (error instanceof Superseded) return undefined
      throw error
    }
  }

  /** Takes a record away, if it is there still. */
  async remove(sequence: number): Promise<void> {
    const { ask, stream } = this.#options
    await ask(async ({ jsm }) => {
      await jsm.streams.deleteMessage(stream.name, sequence, false).catch((error: unknown) => {
        if (!(error instanceof JetStreamApiError)) throw error
      })
    })
  }

  /**
   * Reads on behind a place, or from the beginning: every record that was put since, unless it has been replaced meanwhile; then the other one is read later.
   * That nothing is skipped rests on what is said at `readPage`.
   */
  behind(place: Place | undefined): Promise<Outlines> {
    const { ask, stream } = this.#options
    return ask(async (link) => {
      const before = await describe(link.jsm, stream)
      const { epoch, last } = boundsOf(before)
      const after = epoch === place?.epoch ? place.sequence : 0
      if (last <= after) return { outlines: [], through: { epoch, sequence: after }, more: false }

      const [filter = ''] = stream.essentials.subjects ?? []
      const newest = await link.jsm.streams.getMessage(stream.name, { last_by_subj: filter })
      const until = newest?.seq ?? 0
      const { outlines, reached } = await this.#pull(link, filter, after, until)
      const since = await describe(link.jsm, stream)
      const isSame = since.cluster?.leader === before.cluster?.leader && since.created === before.created
      const isAll = isSame && reached >= Math.min(until, last)
      return {
        outlines,
        through: { epoch, sequence: isAll ? Math.max(last, reached) : reached },
        more: reached > after && !isAll,
      }
    })
  }

  async #pull(
    link: Link,
    filter: string,
    after: number,
    until: number,
  ): Promise<Pick<Outlines, 'outlines'> & { readonly reached: number }> {
    if (until <= after) return { outlines: [], reached: after }
    const consumer = await Consumer.open(link, this.#options.stream.name, {
      filter,
      start: after + 1,
      bodies: false,
    })
    const deliveries = await consumer.pull({ until, limit: PAGE })
    consumer.close()
    const outlines = deliveries.flatMap(({ msg, place }) => {
      const outline = decodeOutline(msg.headers)
      return outline ? [{ ...outline, subject: msg.subject, sequence: place.position }] : []
    })
    return { outlines, reached: deliveries.at(-1)?.place.position ?? after }
  }

  async #get(query: { last_by_subj: string } | { seq: number }): Promise<Found | undefined> {
    const { ask, stream } = this.#options
    const stored = await ask(({ jsm }) => jsm.streams.getMessage(stream.name, query))
    return stored ? decode(stored) : undefined
  }
}

function decode(stored: StoredMsg): Found {
  return {
    record: stored.json<Record>(),
    sequence: stored.seq,
    attempt: stored.header.get(ATTEMPT),
  }
}
