import { Transform } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

/** Takes everything and gives nothing. */
export function swallow(): Transform {
  return new Transform({ transform: (_chunk, _encoding, done) => done() })
}

/** Gives what it gets in blocks of `size` bytes, and the rest at the end. It holds less than a block. */
export function inBlocks(size: number): Transform {
  let held = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = Buffer.concat([held, chunk])
      const whole = held.length - (held.length % size)
      if (whole > 0) this.push(held.subarray(0, whole))
      held = held.subarray(whole)
      done()
    },
    flush: (done) => done(null, held),
  })
}

/** Gives everything `ms` milliseconds late, in order. What is on its way is bounded by what comes in that time. */
export function late(ms: number): Transform {
  let last: Promise<unknown> = Promise.resolve()
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      last = Promise.all([last, pause(ms)]).then(() => this.push(chunk))
      done()
    },
    flush(done) {
      void last.then(() => done())
    },
  })
}

/** Gives WebSocket frames (RFC 6455 §5.2, from the server: not masked) up to the first with more than `most` bytes, and nothing after it. */
export function smallFramesOnly(most: number): Transform {
  let held = Buffer.alloc(0)
  let isBroken = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = isBroken ? held : Buffer.concat([held, chunk])
      for (let size = frameSize(held); size !== undefined && !isBroken; size = frameSize(held)) {
        isBroken = size > most
        if (isBroken || held.length < size) break
        this.push(held.subarray(0, size))
        held = held.subarray(size)
      }
      done()
    },
  })
}

/** The size of the frame at the start of `bytes`, its head included, once that is there. */
function frameSize(bytes: Buffer): number | undefined {
  const length = (bytes[1] ?? 0) & 0x7f
  const head = length === 127 ? 10 : length === 126 ? 4 : 2
  if (bytes.length < head) return undefined
  if (length === 127) return head + Number(bytes.readBigUInt64BE(2))
  return head + (length === 126 ? bytes.readUInt16BE(2) : length)
}
