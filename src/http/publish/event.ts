import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isChannelName } from '../../protocol/channel.ts'
import { check } from '../check.ts'
import { channelName, isId, type PublishItem, type ReadItem, typeName } from './item.ts'

/** A text of at least one character, none of them a control character (CloudEvents §3.1, String). */
const text = z.string().regex(/^\P{Cc}+$/u, 'must be a text without control characters, and not empty')

/** What a URI may have in it (RFC 3986 §2): no white space above all. */
const URI = "A-Za-z0-9\\-._~:/?#[\\]@!$&'()*+,;=%"
const source = z.string().regex(new RegExp(`^[${URI}]+$`), 'must be a URI reference')
const absoluteUri = z.string().regex(new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:[${URI}]+$`), 'must be a URI')
const mediaType = z
  .string()
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/, 'must be a media type')

const extension = z.unknown().refine(isAttribute, {
  message: 'must be a text without control characters, a boolean or a whole number of 32 bits',
})

/** An event in the JSON event format of CloudEvents 1.0, as one publishes it (PROTOCOL P-201 to P-204). */
export const eventSchema = z
  .object({
    specversion: z.literal('1.0', 'must be 1.0'),
    id: text,
    source,
    type: typeName,
    subject: text.exactOptional(),
    time: z.iso.datetime({ offset: true, error: 'must be a time as in RFC 3339' }).exactOptional(),
    dataschema: absoluteUri.exactOptional(),
    datacontenttype: mediaType.exactOptional(),
    data: z.unknown().exactOptional(),
    data_base64: z.base64('must be base64').exactOptional(),
    channel: channelName.exactOptional(),
  })
  .catchall(extension)
  .check(({ value, issues }) => {
    const refuse = (member: string, message: string) =>
      issues.push({ code: 'custom', input: value, path: [member], message })
    if (Object.hasOwn(value, 'data') && Object.hasOwn(value, 'data_base64')) {
      refuse('data_base64', 'must not stand beside `data`')
    }
    if (value.channel === undefined && !isChannelName(value.subject ?? '')) {
      refuse('subject', 'must be the channel’s name where there is no extension `channel`')
    }
    for (const name of Object.keys(value)) {
      if (!/^[a-z0-9]+$/.test(name) && name !== 'data_base64') refuse(name, 'must have a name of a-z 0-9')
    }
  })
  .transform(
    (event): PublishItem => ({
      channels: [event.channel ?? (event.subject as string)],
      type: event.type,
      id: idOf(event),
      data: event,
    }),
  )

/**
 * Reads an event: the notification's `data` is the whole of it, so that a subscriber gets all of its attributes, and its `type` the
 * notification's. Pointers name attributes, in binary mode too.
 */
export const readEvent: ReadItem = (value, at, errors) => check(eventSchema, value, at, errors)

/**
 * What identifies an event is its source and id together (CloudEvents §3.1). No source has a space in it, so no two pairs give the same
 * text, nor the hash of a pair that is too long or no ASCII.
 */
function idOf({ source, id }: { readonly source: string; readonly id: string }): string {
  const pair = `${source} ${id}`
  return isId(pair) ? pair : `sha256:${createHash('sha256').update(pair).digest('hex')}`
}

/** Boolean, Integer or String (CloudEvents §3.1): what the other types are written as, too. */
function isAttribute(value: unknown): boolean {
  if (typeof value === 'string') return /^\P{Cc}*$/u.test(value)
  return typeof value === 'boolean' || (Number.isInteger(value) && value === ((value as number) | 0))
}
