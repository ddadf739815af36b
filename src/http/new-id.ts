import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** What one id takes of the pool, in bytes. */
const ID_BYTES = 16

/** Random bytes for the next 256 ids: to ask for those of one costs more than all else about it. */
const pool = new Uint8Array(256 * ID_BYTES)
let used = pool.length

/** A UUIDv7 (RFC 9562 §5.7), for a notification that came without an id. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += ID_BYTES
  return v7({ random: pool.subarray(used - ID_BYTES, used) })
}
