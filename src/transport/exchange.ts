import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Payload } from '../stream/format.ts'

/** What is answered. */
export interface Body {
  readonly payload: Payload
  /** its length, for text in UTF-8 */
  readonly bytes: number
}

/** The answer to one long-poll as the transport sees it: whether Node's HTTP writes it or we do is not its concern. */
export interface Exchange {
  /** Has `gone` called when the client can't be answered any more. Called once, before anything else. */
  open(gone: () => void): void
  /** Gives the answer, 200, which ends the exchange. */
  answer(body: Body): void
  /** Drops the connection without a word. */
  destroy(): void
}

/** Go with every answer. */
const HEADERS = { 'cache-control': 'no-store' }

/** Answers by Node's HTTP. */
export class ResponseExchange implements Exchange {
  readonly #response: ServerResponse
  readonly #headers: Readonly<Record<string, string>>

  /** @param headers go with the answer's own; what says its format is among them */
  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response
    this.#headers = headers
  }

  open(gone: () => void): void {
    this.#response.on('close', gone)
  }

  answer({ payload, bytes }: Body): void {
    this.#response.writeHead(200, {
      ...this.#headers,
      ...HEADERS,
      'content-length': bytes,
    })
    // As text it goes to the socket in one piece with the head.
    this.#response.end(payload)
  }

  destroy(): void {
    this.#response.destroy()
  }
}

/** What an answer has besides the transport's own. */
export interface AnswerForm {
  /** header lines; what says its format is among them */
  readonly headers: string
  /** how long the connection is kept after it, in seconds */
  readonly keepAlive: number
}

/** Writes the answer to the socket itself, in the bytes that Node's HTTP would write. */
export class SocketExchange implements Exchange {
  readonly #socket: Socket
  readonly #form: AnswerForm
  readonly #ended: () => void
  #gone: (() => void) | undefined

  /** @param ended is called once it is answered */
  constructor(socket: Socket, form: AnswerForm, ended: () => void) {
    this.#socket = socket
    this.#form = form
    this.#ended = ended
  }

  open(gone: () => void): void {
    this.#gone = gone
  }

  answer(body: Body): void {
    // Node has closed it together with a client that has closed its side.
    if (this.#socket.writable) this.#socket.write(bytesOf(this.#form, body))
    this.#ended()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** It will not be answered here any more. */
  abandon(): void {
    this.#gone?.()
  }
}

const LINES = headerLines(HEADERS)

/** What was written last, a few MiB at most: those who wait for the same get the same bytes, one after another. */
let last:
  | { readonly headers: string; readonly body: Body; readonly date: string; readonly bytes: Buffer }
  | undefined

function bytesOf({ headers, keepAlive }: AnswerForm, body: Body): Buffer {
  const date = dateField()
  if (last?.body === body && last?.headers === headers && last.date === date) return last.bytes
  const lines = `${headers}${LINES}content-length: ${body.bytes}\r\nDate: ${date}\r\n`
  const persistence = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAlive}\r\n`
  const head = `HTTP/1.1 200 OK\r\n${lines}${persistence}\r\n`
  const { payload } = body
  const bytes =
    typeof payload === 'string' ? Buffer.from(head + payload) : Buffer.concat([Buffer.from(head), payload])
  last = { headers, body, date, bytes }
  return bytes
}

/** Headers as lines of an answer (RFC 9112 §5). */
export function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

let second = 0
let itsDate = ''

/** RFC 9110 §5.6.7; written once a second, as Node does. */
function dateField(): string {
  const now = Date.now()
  if (now >= second + 1000 || now < second) {
    second = now - (now % 1000)
    itsDate = new Date(second).toUTCString()
  }
  return itsDate
}
