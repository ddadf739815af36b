import type { Notification } from '../log/log.ts'
import { formatCursor } from '../protocol/cursor.ts'

/** Makes the bytes of notifications. Whoever has one hands the same object over every time: it is the key under which they are kept. */
export interface Encoder {
  /** The bytes of one notification, framed so that those of several may follow each other. */
  encode(entry: Entry): Buffer
}

/** A notification on its way to subscribers: encoded at most once by each encoder, whoever asks, and shared from then on. */
export class Entry {
  readonly notification: Notification
  readonly #epoch: string
  #json: string | undefined
  #bytes: Map<Encoder, Buffer> | undefined
  /** how much has been made of it, in bytes */
  #made = 0
  /** Is told by how many bytes the weight has grown. Whoever holds it to a bound sets this. */
  grew: ((bytes: number) => void) | undefined

  constructor(epoch: string, notification: Notification) {
    this.notification = notification
    this.#epoch = epoch
  }

  /** Its cursor as clients see it. */
  get cursor(): string {
    return formatCursor(this.#epoch, this.position)
  }

  get position(): number {
    return this.notification.position
  }

  /** The JSON object that clients get, the same on every transport (contract §4.1). */
  get json(): string {
    if (this.#json === undefined) {
      this.#json = this.#encode()
      this.#weigh(this.#json.length)
    }
    return this.#json
  }

  #encode(): string {
    const { channel, id, type, time, traceparent, data } = this.notification
    // Cursor, channel and type are made of characters that JSON leaves as they are; an id may hold quotes.
    return `{"cursor":"${this.cursor}","channel":"${channel}","id":${JSON.stringify(id)}${
      type === undefined ? '' : `,"type":"${type}"`
    },"time":"${new Date(time).toISOString()}"${
      traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`
    },"data":${data}}`
  }

  bytes(encoder: Encoder): Buffer {
    this.#bytes ??= new Map()
    let bytes = this.#bytes.get(encoder)
    if (!bytes) {
      bytes = encoder.encode(this)
      this.#bytes.set(encoder, bytes)
      this.#weigh(bytes.length)
    }
    return bytes
  }

  #weigh(made: number): void {
    const before = this.grew ? this.weight : 0
    this.#made += made
    this.grew?.(this.weight - before)
  }

  /**
   * The memory to reckon with, in bytes: the notification, and with its objects what one in JSON comes to have, which is its text, its
   * frame for WebSocket and its block for SSE; or what has been made of it, where that is more, as with several formats.
   * An estimate: about right for ASCII, while text outside Latin-1 may take up to twice as much.
   */
  get weight(): number {
    const { channel, id, data } = this.notification
    const length = channel.length + id.length + data.length
    return length + Math.max(512 + 3 * length, this.#made)
  }

  /** Says whether it may still be delivered at `now` (`ttl`, contract §3). */
  isCurrent(now: number): boolean {
    return this.notification.expires === undefined || now < this.notification.expires
  }
}
