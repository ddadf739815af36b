const END_OF_HEAD = Buffer.from('\r\n\r\n')
const TEXT = 1
const BINARY = 2

/** Reads what a server sends on one WebSocket: the head of its answer, then frames (RFC 6455 §5.2), none above 64 KiB. */
export class Frames {
  readonly #onMessage: (message: Buffer) => void
  #rest: Buffer = Buffer.alloc(0)
  #isOpen = false

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage
  }

  /** @throws when the server has refused the upgrade */
  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    if (!this.#isOpen && !this.#open()) return
    while (this.#takeFrame());
  }

  #open(): boolean {
    const end = this.#rest.indexOf(END_OF_HEAD)
    if (end < 0) return false
    const head = this.#rest.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`refused: ${head}`)
    this.#rest = this.#rest.subarray(end + END_OF_HEAD.length)
    this.#isOpen = true
    return true
  }

  #takeFrame(): boolean {
    const [first, short] = this.#rest
    if (first === undefined || short === undefined) return false
    const start = short === 126 ? 4 : 2
    if (this.#rest.length < start) return false
    const end = start + (short === 126 ? this.#rest.readUInt16BE(2) : short)
    if (this.#rest.length < end) return false
    const opcode = first & 15
    if (opcode === TEXT || opcode === BINARY) this.#onMessage(this.#rest.subarray(start, end))
    this.#rest = this.#rest.subarray(end)
    return true
  }
}
