import type { IncomingMessage } from 'node:http'

/**
 * A request's line and header fields as they go over the wire, one space behind each colon (RFC 9112 §3, §5). Fields came as bytes and
 * were read as Latin-1 (RFC 9110 §5.5): so they are to go back.
 *
 * @param rewrite the field's value in its place; `undefined` leaves it out
 */
export function requestHead(
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  rewrite = (_name: string, value: string): string | undefined => value,
): string {
  let lines = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]]
    const rewritten = rewrite(name, value)
    if (rewritten !== undefined) lines += `${name}: ${rewritten}\r\n`
  }
  return `${lines}\r\n`
}
