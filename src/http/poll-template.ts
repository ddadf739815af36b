import type { IncomingMessage } from 'node:http'
import { requestHead } from './request-head.ts'

/** A long-poll's bytes but for the value of `cursor`, which alone changes from one poll to the next. */
export interface PollTemplate {
  readonly before: string
  /** of the request that it was made of */
  readonly cursor: string
  readonly after: string
}

/** As text it makes no other parameter, header or request (see `parseCursor`); at its end the line goes on. */
const CURSOR_PARAMETER = /[?&]cursor=(?=([0-9a-z]+-[0-9a-z]+)[& ])/g

/** The longest cursor: epoch, hyphen, position. */
const MAX_CURSOR = 28

/** Fields by which a request has more than its head, or its answer another form. */
const SPECIAL_FIELDS = ['content-length', 'transfer-encoding', 'expect', 'upgrade', 'last-event-id'] as const

/**
 * Makes the template of a GET that Node has parsed; `undefined` when it has no single plain `cursor` to put another in place of, or is
 * no request of the plainest form.
 */
export function templateOf(request: IncomingMessage): PollTemplate | undefined {
  const { method, httpVersion, headers } = request
  if (method !== 'GET' || httpVersion !== '1.1') return undefined
  if (SPECIAL_FIELDS.some((field) => headers[field] !== undefined)) return undefined
  const head = requestHead(request)
  const [parameter, ...others] = head.slice(0, head.indexOf('\r\n')).matchAll(CURSOR_PARAMETER)
  if (!parameter || others.length > 0) return undefined
  const cursor = parameter[1] as string
  const start = parameter.index + parameter[0].length
  return { before: head.slice(0, start), cursor, after: head.slice(start + cursor.length) }
}

/** The text that stands in `chunk` in place of the template's cursor; `undefined` when anything else in it is different. */
export function cursorIn({ before, after }: PollTemplate, chunk: Buffer): string | undefined {
  const length = chunk.length - before.length - after.length
  if (length <= 0 || length > MAX_CURSOR) return undefined
  const text = chunk.toString('latin1')
  if (!text.startsWith(before) || !text.endsWith(after)) return undefined
  return text.slice(before.length, before.length + length)
}
