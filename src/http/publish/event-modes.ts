import { isUtf8 } from 'node:buffer'
import { parseJson } from '../json.ts'
import { Problem } from '../problem.ts'
import { batch, type Items, single } from './items.ts'
import { parseBody } from './json.ts'

/** Structured mode (CloudEvents HTTP binding §3.2): the body is an event in the JSON event format. */
export function decodeEvent(body: Buffer): Items {
  return single(withoutUnset(parseBody(body)))
}

/** Batched mode (§3.3): the body is an array of them (JSON event format §4). */
export function decodeEvents(body: Buffer): Items {
  const value = parseBody(body)
  if (!Array.isArray(value)) throw new Problem('bad-notification', 'The body must be an array of events.')
  return batch(value.map(withoutUnset))
}

/** Binary mode (§3.1): attributes are headers, the body is the data. What comes of it is an event in the JSON event format. */
export function decodeBinaryEvent(body: Buffer, rawHeaders: readonly string[]): Items {
  const attributes = new Map<string, string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i]?.toLowerCase(), rawHeaders[i + 1]]
    if (name === 'content-type') attributes.set('datacontenttype', value)
    else if (name.startsWith('ce-')) {
      const attribute = name.slice('ce-'.length)
      // Node joins a header that is repeated: which of its values is meant nobody could say.
      if (attributes.has(attribute) || FROM_THE_BODY.has(attribute)) {
        throw badHeader(name, 'must come once, and not stand for Content-Type or the body')
      }
      attributes.set(attribute, attributeOf(name, value))
    }
  }
  return single({ ...Object.fromEntries(attributes), ...dataOf(body, attributes.get('datacontenttype')) })
}

/** Attributes that are no headers in binary mode (§3.1.3.1). */
const FROM_THE_BODY: ReadonlySet<string> = new Set(['datacontenttype', 'data', 'data_base64'])

/** An attribute with the value `null` is as good as none (JSON event format §2.2). Data may be `null`. */
function withoutUnset(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event
  return Object.fromEntries(
    Object.entries(event).filter(([name, value]) => value !== null || name === 'data'),
  )
}

/** The value of an attribute from its header: quotes first, then percent-encoded UTF-8, once (HTTP binding §3.1.3.2). */
function attributeOf(name: string, header: string): string {
  const quoted = /^"(.*)"$/.exec(header)?.[1]
  const value = quoted === undefined ? header : quoted.replaceAll(/\\(.)/g, '$1')
  if (!/^[\x20-\x7e]*$/.test(value))
    throw badHeader(name, 'must be printable ASCII: the rest is percent-encoded')
  try {
    return decodeURIComponent(value)
  } catch {
    throw badHeader(name, 'must be percent-encoded UTF-8')
  }
}

/** JSON and text as they are; all else, and what has no type, in base64 (JSON event format §3.1). */
function dataOf(body: Buffer, contentType = ''): object {
  if (body.length === 0) return {}
  const mediaType = contentType.replace(/;.*/, '').trim().toLowerCase()
  if (/^[^/]+\/(?:.*\+)?json$/.test(mediaType)) return { data: parseJson(body) }
  if (mediaType.startsWith('text/') && isUtf8(body)) return { data: body.toString() }
  return { data_base64: body.toString('base64') }
}

function badHeader(name: string, detail: string): Problem {
  const errors = [{ pointer: `/${name.slice('ce-'.length)}`, detail }]
  return new Problem('bad-notification', 'Nothing was stored: see `errors`.', { errors })
}
