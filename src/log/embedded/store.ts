import { type Database, open, type RootDatabase } from 'lmdb'
import type { Notification } from '../log.ts'
import { identityOf, newEpoch } from '../notification.ts'
import { merge } from './merge.ts'
import { ScheduleRows } from './schedule-rows.ts'

/** Where the log stands. It is kept in the store, never in a process: several may share the store. */
export interface State {
  readonly epoch: string
  /** the newest position given out */
  last: number
  /** the oldest position kept; `last + 1` when nothing is */
  first: number
  /** what all that is kept counts for in `retentionBytes` */
  bytes: number
  /** the newest position whose identity is remembered no more; all after it are */
  forgotten: number
}

/** An identity and the notification it was stored with. */
export interface Identity {
  readonly identity: string
  readonly position: number
  /** when it was stored, milliseconds since 1970 */
  readonly time: number
}

type StateRow = [epoch: string, last: number, first: number, bytes: number, forgotten: number]
/** Most publishes are not traced, and their rows are as short as they can be. */
type Row = [
  ...[channel: string, id: string, type: string | null, time: number, expires: number, data: string],
  traceparent?: string,
]

const STATE = 'state'

/** How the tables below are encoded. A store of another format is left as it is. */
const FORMAT = 2
const FORMAT_KEY = 'format'

const GIB = 1024 ** 3

/**
 * The LMDB environment of one log: what is where, and how it is encoded.
 *
 * Reads see the last commit of this process, and of others as it was some milliseconds ago at the latest, or at `refresh`. Writes belong into
 * `transaction`.
 */
export class Store {
  readonly schedule: ScheduleRows
  readonly #root: RootDatabase<unknown, string>
  readonly #meta: Database<StateRow | number, string>
  /** By position, without holes. */
  readonly #notifications: Database<Row, number>
  /** The runs of positions on each channel: how many there are in a row, by the last of them. */
  readonly #channels: Database<number, [channel: string, last: number]>
  /** Where each identity was stored last. */
  readonly #identities: Database<number, Buffer>
  /** The identities of notifications that retention took while they were to be remembered, by position. */
  readonly #outlived: Database<[identity: string, time: number], number>

  /**
   * Opens the store in `directory`, or makes it there.
   * @throws Error that names the directory when it can't be made, read and written
   */
  constructor(directory: string, retentionBytes: number) {
    // Address space, not disk and not memory: the map need not move while it is read. More than retention leaves on the
    // disk at worst (see openEmbeddedLog), and room for identities. It is no ceiling: should the file ever pass it, LMDB makes the map larger.
    const mapSize = 8 * GIB + 8 * retentionBytes
    try {
      // Without overlapping syncs a commit is seen by readers only when it is on the disk: no tail may deliver what a power cut
      // could take back, for its position would then be given to another notification. Without batches by event turn there is no
      // promise of a batch beside that of the transaction, which would be rejected unheard when a commit fails.
      this.#root = open(directory, {
        noSubdir: false,
        overlappingSync: false,
        eventTurnBatching: false,
        mapSize,
      })
      this.#meta = this.#root.openDB({ name: 'meta' })
      this.#notifications = this.#root.openDB({ name: 'notifications' })
      this.#channels = this.#root.openDB({ name: 'channels' })
      this.#identities = this.#root.openDB({ name: 'identities', keyEncoding: 'binary' })
      this.#outlived = this.#root.openDB({ name: 'outlived' })
      this.schedule = new ScheduleRows(this.#root)
      this.#root.transactionSync(() => {
        if (this.#meta.doesExist(STATE)) {
          const format = this.#meta.get(FORMAT_KEY)
          if (format !== FORMAT)
            throw new Error(`its format is ${format ?? 'older'}, and this version reads ${FORMAT}`)
          return
        }
        void this.#meta.put(FORMAT_KEY, FORMAT)
        this.state = { epoch: newEpoch(), last: 0, first: 1, bytes: 0, forgotten: 0 }
      })
    } catch (cause) {
      throw new Error(`the log can not be opened in ${directory}: ${(cause as Error).message}`, { cause })
    }
  }

  /**
   * Runs `work` with the store to itself, and commits what it wrote, or nothing of it when it throws.
   * @returns what `work` returned, once the commit is on the disk
   */
  async transaction<Result>(work: () => Result): Promise<Result> {
    try {
      return await this.#root.childTransaction(work)
    } catch (error) {
      // lmdb tells the reason of a failed commit in a promise of its own, which must not go unheard: that ends the process.
      if (error instanceof Error && 'commitError' in error) await error.commitError
      throw error
    }
  }

  /** Has what is read from now on show what other processes have committed until now. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  get state(): State {
    const [epoch, last, first, bytes, forgotten] = (this.#meta.get(STATE) as StateRow) ?? missing('its state')
    return { epoch, last, first, bytes, forgotten }
  }

  set state({ epoch, last, first, bytes, forgotten }: State) {
    void this.#meta.put(STATE, [epoch, last, first, bytes, forgotten])
  }

  /** The notification at a position that is kept. */
  get(position: number): Notification {
    return decode(position, this.#notifications.get(position) ?? missing(`position ${position}`))
  }

  /** Stores a notification, which is on no channel before `index`. */
  add({ position, channel, id, type, time, expires = 0, data, traceparent }: Notification): void {
    const row: Row = [channel, id, type ?? null, time, expires, data]
    if (traceparent !== undefined) row.push(traceparent)
    void this.#notifications.put(position, row)
  }

  /** Puts notifications that were added one after the other on their channels. */
  index(added: readonly Notification[]): void {
    let length = 0
    for (const [i, { channel, position }] of added.entries()) {
      length++
      if (added[i + 1]?.channel === channel) continue
      void this.#channels.put([channel, position], length)
      length = 0
    }
  }

  remove({ position, channel }: Notification): void {
    void this.#notifications.remove(position)
    // The last one of a run takes it along: until then it begins before `state.first`.
    void this.#channels.remove([channel, position])
  }

  /** All notifications after a position, in order. */
  after(after: number): Iterable<Notification> {
    return this.#notifications.getRange({ start: after + 1 }).map(({ key, value }) => decode(key, value))
  }

  /** All notifications before a position, the newest first. */
  before(before: number): Iterable<Notification> {
    return this.#notifications
      .getRange({ start: before - 1, reverse: true })
      .map(({ key, value }) => decode(key, value))
  }

  /** The notifications on some channels after a position, in order. */
  *afterOn(names: Iterable<string>, after: number): Generator<Notification> {
    const begin = Math.max(after + 1, this.state.first)
    const sources = Array.from(names, (name) => this.#positionsFrom(name, begin))
    for (const position of merge(sources, 1)) yield this.get(position)
  }

  /** The notifications on some channels before a position, the newest first. */
  *beforeOn(names: Iterable<string>, before: number): Generator<Notification> {
    const { first } = this.state
    const sources = Array.from(names, (name) => this.#positionsBefore(name, before, first))
    for (const position of merge(sources, -1)) yield this.get(position)
  }

  *#positionsFrom(name: string, begin: number): Generator<number> {
    const runs = this.#channels.getRange({ start: [name, begin], end: [name, Number.POSITIVE_INFINITY] })
    for (const { key, value: length } of runs) {
      const [, last] = key
      for (let position = Math.max(last - length + 1, begin); position <= last; position++) yield position
    }
  }

  /** Descending, down to `first`. */
  *#positionsBefore(name: string, before: number, first: number): Generator<number> {
    const around = { start: [name, before], end: [name, Number.POSITIVE_INFINITY], limit: 1 }
    const below = { start: [name, before - 1], end: [name, first - 1], reverse: true }
    for (const range of [around, below]) {
      for (const { key, value: length } of this.#channels.getRange(range)) {
        const [, last] = key
        const begin = Math.max(last - length + 1, first)
        for (let position = Math.min(last, before - 1); position >= begin; position--) yield position
      }
    }
  }

  /**
   * Remembers where an identity is stored, unless it is remembered already.
   * @returns whether it was not
   */
  claim(identity: string, position: number): boolean {
    // lmdb's README says that it returns a boolean, its types do not.
    const isNew: unknown = this.#identities.putSync(keyOf(identity), position, { noOverwrite: true })
    return isNew === true
  }

  /** Remembers a later place of an identity than what it was claimed with. */
  reclaim(identity: string, position: number): void {
    void this.#identities.put(keyOf(identity), position)
  }

  /** What a claimed identity was stored with. */
  identity(identity: string): Identity {
    return this.identityAt(this.#identities.get(keyOf(identity)) ?? missing(`identity ${identity}`))
  }

  /** The identity stored at a position after `state.forgotten`. */
  identityAt(position: number): Identity {
    const row = this.#notifications.get(position)
    if (row) {
      const notification = decode(position, row)
      return { identity: identityOf(notification), position, time: notification.time }
    }
    const [identity, time] = this.#outlived.get(position) ?? missing(`the identity of position ${position}`)
    return { identity, position, time }
  }

  /** Remembers an identity beyond its notification. */
  outlive({ identity, position, time }: Identity): void {
    void this.#outlived.put(position, [identity, time])
  }

  forget({ identity, position }: Identity): void {
    void this.#outlived.remove(position)
    // Once out of the window it may have been stored again: then the newer one stays.
    const key = keyOf(identity)
    if (this.#identities.get(key) === position) void this.#identities.remove(key)
  }

  async close(): Promise<void> {
    await this.#root.close()
  }
}

/** Identities are ASCII. lmdb's own encoding, which sorts all kinds of keys, takes a fifth longer to store one. */
function keyOf(identity: string): Buffer {
  return Buffer.from(identity, 'latin1')
}

function decode(position: number, row: Row): Notification {
  const [channel, id, type, time, expires, data, traceparent] = row
  return {
    position,
    channel,
    id,
    ...(type !== null && { type }),
    time,
    data,
    ...(expires !== 0 && { expires }),
    ...(traceparent !== undefined && { traceparent }),
  }
}

function missing(what: string): never {
  throw new Error(`the log's store is damaged: ${what} is missing`)
}
