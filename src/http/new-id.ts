import { randomFillSync, randomInt } from 'node:crypto'
import { v7 } from 'uuid'

/** What one id takes of the pool, in bytes. */
const ID_BYTES = 16

/** Random bytes for the next 256 ids: to ask for those of one costs more than all else about it. */
const pool = new Uint8Array(256 * ID_BYTES)
const shares = Array.from({ length: 256 }, (_, i) => pool.subarray(i * ID_BYTES, (i + 1) * ID_BYTES))
let used = shares.length
let sequence = randomInt(2 ** 32)

/** A UUIDv7 (RFC 9562 §5.7), for a notification that came without an id. */
export function newId(): string {
  if (used === shares.length) {
    randomFillSync(pool)
    used = 0
  }
  // Within a millisecond they rise (RFC 9562 §6.2, method 1): the log's driver stores them side by side.
  sequence = (sequence + 1) >>> 0
  return v7({ random: shares[used++] as Uint8Array, seq: sequence })
}
