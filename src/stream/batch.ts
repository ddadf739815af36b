import type { Encoder, Entry } from './entry.ts'

/**
 * A run of entries in log order that one subscriber, or many, are to get in one write.
 * Where many get the same batch object they share its bytes, too.
 */
export class Batch {
  readonly entries: readonly Entry[]
  /** everything wanted up to this position is in the batch */
  readonly through: number
  #encoder: Encoder | undefined
  #bytes: Buffer | undefined
  /** what it was merged into: subscribers with the same channels merge the same batches in the same order, and share the outcome */
  readonly #merged = new Map<Batch, Batch>()

  constructor(entries: readonly Entry[], through: number) {
    this.entries = entries
    this.through = through
  }

  /** All entries' bytes one after another. */
  bytes(encoder: Encoder): Buffer {
    const [first] = this.entries
    if (first && this.entries.length === 1) return first.bytes(encoder)
    // One encoder's are remembered: where subscribers of two take turns, the copy is made again.
    if (!this.#bytes || this.#encoder !== encoder) {
      this.#bytes = Buffer.concat(this.entries.map((entry) => entry.bytes(encoder)))
      this.#encoder = encoder
    }
    return this.#bytes
  }

  /** This batch and `other`, each entry once; the same object whoever asks. */
  merge(other: Batch): Batch {
    let merged = this.#merged.get(other)
    if (!merged) {
      merged = this.#merge(other)
      this.#merged.set(other, merged)
    }
    return merged
  }

  #merge(other: Batch): Batch {
    const merged: Entry[] = []
    const [a, b] = [this.entries, other.entries]
    let [i, j] = [0, 0]
    for (;;) {
      const [left, right] = [a[i], b[j]]
      if (left && (!right || left.position <= right.position)) {
        merged.push(left)
        i++
        if (left === right) j++
      } else if (right) {
        merged.push(right)
        j++
      } else {
        return new Batch(merged, Math.max(this.through, other.through))
      }
    }
  }

  /** Says whether one write may bring this much. */
  fits(room: Room): boolean {
    if (this.entries.length > room.count) return false
    let bytes = 0
    for (const { notification } of this.entries) bytes += notification.data.length
    return bytes <= room.bytes || this.entries.length <= 1
  }
}

/** The most that one write may bring, so that a subscriber which then gets stuck holds no more than this. */
export interface Room {
  /** notifications */
  readonly count: number
  /** characters of their data; a single notification may exceed it */
  readonly bytes: number
}
