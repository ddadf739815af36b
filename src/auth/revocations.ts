import { v7 as newId } from 'uuid'
import { type Draft, LogUnavailable } from '../log/log.ts'
import { ChannelSet } from '../protocol/channel-set.ts'
import { formatCursor } from '../protocol/cursor.ts'
import type { Batch } from '../stream/batch.ts'
import type { Hub } from '../stream/hub.ts'
import { Seam, type Sink } from '../stream/seam.ts'
import type { Principal } from './principal.ts'
import { fromData, REVOCATIONS, type Revocation, toDraft } from './revocation.ts'
import { RevocationTable, type Standing } from './revocation-table.ts'

/** So many may be in force: some 25 MB of memory. One more is refused. */
export const MAX_REVOCATIONS = 100_000

/** How often it is looked for what has lapsed or has to be renewed, in milliseconds; eight times in retention at least. */
const LOOK_MS = 5_000

/** How many are renewed in one append. */
const RENEWED_AT_ONCE = 1000

/**
 * Revocations that come within so many milliseconds of each other have the open streams looked through once: with 50,000 of them and
 * the longest list a look was seen to take 90 ms on a busy machine. Well below the 2 s in which streams must end.
 */
const GATHER_MS = 250

/** What a list of revocations needs. */
export interface RevocationsOptions {
  readonly hub: Hub
  /** of the log */
  readonly retentionSeconds: number
  /** Something has been revoked: streams that are open may have to end. */
  readonly onRevoked: () => void
}

/** There are as many revocations in force as there may be. */
export class TooManyRevocations extends Error {
  override readonly name = 'TooManyRevocations'
}

/**
 * What has been revoked. The list is a cursor over the log like any client: it reads from the log's beginning and then follows, so
 * that every instance has the same one, after a restart, too.
 *
 * Retention may be shorter than a revocation is to hold. So whoever follows appends again, in time, what is in force and has come into
 * the older half of the log. The id of what is appended is made of where it was: several instances append it once.
 */
export class Revocations implements Sink {
  readonly room = { count: 512, bytes: 64 * 1024 }
  readonly #hub: Hub
  readonly #retentionMs: number
  readonly #onRevoked: () => void
  readonly #table = new RevocationTable()
  readonly #seam: Seam
  readonly #cancelLook: () => void
  #isKnown = false
  #isGathering = false
  #isRenewing = false

  /** Begins to follow the hub's log. */
  constructor({ hub, retentionSeconds, onRevoked }: RevocationsOptions) {
    this.#hub = hub
    this.#retentionMs = retentionSeconds * 1000
    this.#onRevoked = onRevoked
    this.#seam = new Seam(hub, this, new ChannelSet([REVOCATIONS]), 0)
    this.#cancelLook = hub.clock.every(Math.min(LOOK_MS, this.#retentionMs / 8), () => this.#look())
    hub.attach(this.#seam)
  }

  /** @throws LogUnavailable until the log has been read to its end once: there may be more than is known of */
  demandKnown(): void {
    if (!this.#isKnown) throw new LogUnavailable('the revocations have not been read yet')
  }

  /** Says whether the token that this principal came with has been revoked, as far as that is known. */
  revokes(principal: Principal): boolean {
    return this.#table.revokes(principal, this.#hub.clock.now())
  }

  /**
   * Adds a revocation that is to hold until later than now; this and every other instance learn of it from the log. It can't be taken
   * back or cut short.
   * @returns when it is durable
   * @throws TooManyRevocations, LogUnavailable
   */
  async add(revocation: Revocation): Promise<void> {
    this.demandKnown()
    if (this.#table.size >= MAX_REVOCATIONS && !this.#table.has(revocation)) {
      throw new TooManyRevocations(`${MAX_REVOCATIONS} revocations are in force`)
    }
    await this.#hub.log.append([toDraft(revocation, newId(), this.#hub.clock.now())])
  }

  /** Follows the log no more. */
  close(): void {
    this.#cancelLook()
    this.#seam.close()
    this.#hub.detach(this.#seam)
  }

  deliver({ entries }: Batch): boolean {
    const { epoch } = this.#hub
    for (const { notification } of entries) {
      const revocation = fromData(notification.data)
      const { position, time } = notification
      if (revocation) this.#table.put(revocation, { epoch, position, time })
    }
    this.#gather()
    return true
  }

  /** What retention has taken was renewed in time; and what is known still holds when the log is another one. */
  gap(): void {}

  caughtUp(): void {
    this.#isKnown = true
  }

  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    this.#hub.clock.after(GATHER_MS, () => {
      this.#isGathering = false
      this.#onRevoked()
    })
  }

  #look(): void {
    this.#table.forgetLapsed(this.#hub.clock.now())
    if (this.#isRenewing || !this.#isKnown || this.#table.size === 0) return
    this.#isRenewing = true
    // What fails is tried again at the next look.
    const done = (): void => {
      this.#isRenewing = false
    }
    this.#renew().then(done, done)
  }

  async #renew(): Promise<void> {
    const { log, clock } = this.#hub
    const ageing = this.#table.ageing(await log.bounds(), clock.now() - this.#retentionMs / 2)
    for (let done = 0; done < ageing.length; done += RENEWED_AT_ONCE) {
      const now = clock.now()
      await log.append(ageing.slice(done, done + RENEWED_AT_ONCE).map((standing) => renewed(standing, now)))
    }
  }
}

function renewed(standing: Standing, now: number): Draft {
  return toDraft(standing, `renewed-${formatCursor(standing.epoch, standing.position)}`, now)
}
