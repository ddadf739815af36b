import type { Log, Page } from '../log/log.ts'
import type { ChannelSet } from '../protocol/channel-set.ts'
import type { GapReason } from '../protocol/messages.ts'
import { Batch, type Room } from './batch.ts'
import type { Clock } from './clock.ts'
import { Entry } from './entry.ts'
import type { Stats } from './stats.ts'
import type { Window } from './window.ts'

/** How long to wait before the log is asked again after it failed or got no further, in milliseconds. */
const RETRY_MS = 500

/** Where notifications come from: the window that the tail fills, and the log behind it. */
export interface Source {
  readonly epoch: string
  readonly window: Window
  readonly log: Log
  readonly clock: Clock
  readonly stats: Stats
  /** Calls `advance` on the seam once the window's head has moved. */
  awaitHead(seam: Seam): void
}

/** Where they go: the subscriber's transport. */
export interface Sink {
  readonly room: Room
  /** Returns whether more may follow; if not, `Seam.drained` is called when it may. */
  deliver(batch: Batch): boolean
  /** Some notifications can't be had any more; what follows comes after `position`. */
  gap(position: number, reason: GapReason): void
  /** Everything there is has been delivered. */
  caughtUp(): void
}

/**
 * The seam between catching up and live: one subscriber's cursor, and the way it moves on.
 *
 * While *catching up*, the seam reads: pages of the log as long as the window doesn't reach back to the cursor, then batches of
 * the window. When a read ends at the window's head and the sink takes more, it flips to *live* in the same turn of the event
 * loop, and the hub's next batch goes on exactly there: no gap, no repeat. It goes back to catching up when the sink is full or a
 * batch is too large for one write. It holds no notification in either state: a stuck subscriber is a number.
 */
export class Seam {
  readonly #source: Source
  readonly #sink: Sink
  #channels: ChannelSet
  #state: 'catching-up' | 'live' | 'closed' = 'catching-up'
  /** everything wanted up to here has been delivered; while live it is the window's head, and this stands still */
  #cursor: number
  #writable = true
  /** a read of the log, or a turn that was put off, will call `advance` */
  #pending = false
  /** counts what makes a read of the log that is under way worthless */
  #revision = 0
  /** what the hub has found for it in this turn; empty between turns */
  #found: Batch | undefined

  /** @param after where the subscriber stands: everything on `channels` behind it will be delivered */
  constructor(source: Source, sink: Sink, channels: ChannelSet, after: number) {
    this.#source = source
    this.#sink = sink
    this.#channels = channels
    this.#cursor = after
  }

  get state(): 'catching-up' | 'live' | 'closed' {
    return this.#state
  }

  get channels(): ChannelSet {
    return this.#channels
  }

  /** Whether the sink takes more. */
  get isWritable(): boolean {
    return this.#writable
  }

  /** Everything on its channels up to here has been handed to the sink. */
  get cursor(): number {
    return this.#state === 'live' ? this.#source.window.head : this.#cursor
  }

  /** Moves on as far as the sink and the source let it, one page a turn of the event loop. */
  advance(): void {
    if (this.#state !== 'catching-up' || this.#pending || !this.#writable) return
    const { window, clock, stats } = this.#source
    if (this.#cursor > window.head) {
      // The cursor comes from an instance that is a little ahead of this one.
      this.#source.awaitHead(this)
      this.#sink.caughtUp()
      return
    }
    if (!window.covers(this.#cursor)) {
      this.#readLog()
      return
    }
    if (this.#cursor < window.head) {
      stats.windowReads++
      this.#deliver(window.read(this.#channels, this.#cursor, this.#sink.room, clock.now()))
    }
    if (this.#state !== 'catching-up' || !this.#writable) return
    if (this.#cursor === window.head) {
      this.#state = 'live'
      this.#sink.caughtUp()
    } else {
      this.#later((run) => clock.defer(run))
    }
  }

  /** The hub has found `batch` in this turn, possibly among others. Returns whether it is the first. */
  find(batch: Batch): boolean {
    if (this.#state !== 'live') return false
    const first = this.#found === undefined
    if (first) this.#found = batch
    else if (this.#found !== batch) this.#found = this.#found?.merge(batch)
    return first
  }

  /** Delivers what was found in this turn; `before` is the window's head as it was before the turn. */
  flush(before: number): void {
    const batch = this.#found
    this.#found = undefined
    if (this.#state !== 'live' || !batch) return
    if (!batch.fits(this.#sink.room)) {
      this.#fallBack(before)
      this.advance()
    } else if (!this.#sink.deliver(batch)) {
      this.#writable = false
      this.#fallBack(this.#source.window.head)
    }
  }

  /** The sink takes more again. */
  drained(): void {
    this.#writable = true
    this.advance()
  }

  /** From here on another set of channels is wanted; what was added counts from the cursor. */
  select(channels: ChannelSet): void {
    this.#channels = channels
    this.#revision++
  }

  /** What was to come next will not come: goes on by reading, from `cursor`, where it stood. */
  fallBack(cursor: number): void {
    this.#fallBack(cursor)
    this.advance()
  }

  /** The log is another one now: goes on behind `position` of that. */
  restart(position: number): void {
    if (this.#state === 'closed') return
    this.#state = 'catching-up'
    this.#cursor = position
    this.#revision++
    this.#sink.gap(position, 'epoch')
    this.advance()
  }

  /** Ends it: nothing is delivered any more. */
  close(): void {
    this.#cursor = this.cursor
    this.#state = 'closed'
    this.#found = undefined
  }

  #fallBack(cursor: number): void {
    if (this.#state !== 'live') return
    this.#state = 'catching-up'
    this.#cursor = cursor
  }

  #deliver(batch: Batch): void {
    this.#cursor = batch.through
    if (batch.entries.length > 0) this.#writable = this.#sink.deliver(batch)
  }

  #readLog(): void {
    const revision = this.#revision
    const { log, clock, epoch, stats } = this.#source
    this.#pending = true
    stats.logReads++
    const arrived = (page: Page): void => {
      this.#pending = false
      if (this.#state !== 'catching-up') return
      // The page is of the channels, or of the log, that were.
      if (revision !== this.#revision) {
        this.advance()
        return
      }
      const stood = page.through === this.#cursor
      if (page.gap) this.#skip(page)
      const entries = page.notifications.map((notification) => new Entry(epoch, notification))
      // Time has passed since the log was read.
      const current = entries.filter((entry) => entry.isCurrent(clock.now()))
      this.#deliver(new Batch(current, page.through))
      this.#later((run) => (stood ? clock.after(RETRY_MS, run) : clock.defer(run)))
    }
    const failed = (): void => {
      this.#pending = false
      // The cursor stands still, and heartbeats say so, until the log is back.
      this.#later((run) => clock.after(RETRY_MS, run))
    }
    log.read(this.#channels, this.#cursor, this.#sink.room.count).then(arrived, failed)
  }

  #skip({ notifications, through }: Page): void {
    this.#cursor = (notifications[0]?.position ?? through + 1) - 1
    this.#sink.gap(this.#cursor, 'retention')
  }

  #later(schedule: (run: () => void) => void): void {
    if (this.#state !== 'catching-up') return
    this.#pending = true
    schedule(() => {
      this.#pending = false
      this.advance()
    })
  }
}
