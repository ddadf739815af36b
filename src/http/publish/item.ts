import { z } from 'zod'
import {
  CHANNEL_NAME,
  isChannelName,
  MAX_CHANNEL_LENGTH,
  SEGMENT_CHARACTERS,
} from '../../protocol/channel.ts'
import type { ProblemDetail } from '../../protocol/problem.ts'
import { check } from '../check.ts'
import { jsonSchema } from '../openapi/schema.ts'

/** What a backend publishes (contract §3), checked. */
export interface PublishItem {
  /** each gets a notification of its own; no name comes twice */
  readonly channels: readonly string[]
  /** any JSON value */
  readonly data: unknown
  readonly type?: string
  readonly id?: string
  /** seconds */
  readonly ttl?: number
  /** when it is to be published, milliseconds since 1970; default: at once */
  readonly due?: number
}

/**
 * Checks an item.
 *
 * @param at JSON pointer of the item in the body
 * @param errors is given what is wrong with it, if anything
 * @returns `undefined` when something is
 */
export type ReadItem = (value: unknown, at: string, errors: ProblemDetail[]) => PublishItem | undefined

/** The most channels that one item may name (contract §3). */
const MAX_ITEM_CHANNELS = 1000

const TYPE = new RegExp(`^[${SEGMENT_CHARACTERS}]{1,128}$`)
const ID = /^[\x20-\x7e]{1,128}$/
const CHARACTERS = 'A-Z a-z 0-9 _ - . ~ @ + ='

const NAME = `must be 1 to 8 segments joined by \`:\`, each 1 to 64 of ${CHARACTERS}, in all at most 255`

/** A channel's name (contract §1). */
export const channelName = z
  .string()
  .max(MAX_CHANNEL_LENGTH, { error: NAME, abort: true })
  .regex(CHANNEL_NAME, NAME)

/** What a notification's `type` may be (contract §3). */
export const typeName = z.string().regex(TYPE, `must be 1 to 128 of ${CHARACTERS}`)

const channelNames = z
  .array(z.unknown())
  .min(1)
  .max(MAX_ITEM_CHANNELS)
  // Only now, so that a list that is too long is refused before a name in it is looked at.
  .pipe(z.array(channelName))
  .check(({ value, issues }) => {
    if (new Set(value).size === value.length) return
    for (const [index, name] of value.entries()) {
      if (value.indexOf(name) === index) continue
      issues.push({ code: 'custom', input: name, path: [index], message: 'must not name a channel again' })
    }
  })
  .meta({ items: jsonSchema(channelName, 'input'), uniqueItems: true })

/** Also what an `Idempotency-Key` may be. */
export const notificationId = z.string().regex(ID, 'must be 1 to 128 printable ASCII characters')

/**
 * Makes what checks items. `ttl` may be as long as retention, in seconds, and `at` and `delay` as far ahead.
 *
 * Nearly all items are good and name one channel: those are read by hand, for the schema would be the dearest step of a publish. It
 * has the last word on all others, and says what is wrong.
 */
export function itemReader(retentionSeconds: number, now: () => number): ReadItem {
  const schema = itemSchema(retentionSeconds, now)
  return (value, at, errors) => readPlain(value, retentionSeconds) ?? check(schema, value, at, errors)
}

/** Says whether `text` may be a notification's `id` (contract §3). */
export function isId(text: string): boolean {
  return ID.test(text)
}

/** The schema of an item, by which all items are judged in the end. */
export function itemSchema(retentionSeconds: number, now: () => number) {
  const farthest = `must be at most ${retentionSeconds} seconds ahead`
  return z
    .strictObject({
      channel: channelName.exactOptional(),
      channels: channelNames.exactOptional().describe('Each gets a notification of its own.'),
      data: z.unknown().describe('Any JSON value, of at most 64 KiB.'),
      type: typeName.exactOptional(),
      id: notificationId.exactOptional().describe('With the channel its identity; default: a UUIDv7.'),
      ttl: z
        .int()
        .min(1)
        .max(retentionSeconds)
        .exactOptional()
        .describe('Seconds until it is delivered no more.'),
      at: z.iso
        .datetime({ offset: true, error: 'must be a time as in RFC 3339' })
        .transform(Date.parse)
        .refine((time) => time <= now() + retentionSeconds * 1000, farthest)
        .exactOptional()
        .describe('When it is to be published; default: at once.'),
      delay: z
        .int()
        .min(0)
        .max(retentionSeconds, farthest)
        .exactOptional()
        .describe('The same in seconds from now.'),
    })
    .refine(({ channel, channels }) => (channel === undefined) !== (channels === undefined), {
      message: 'must have either `channel` or `channels`',
    })
    .meta({ oneOf: [{ required: ['channel'] }, { required: ['channels'] }] })
    .refine(({ at, delay }) => at === undefined || delay === undefined, {
      message: 'may have `at` or `delay`, not both',
    })
    .transform(({ channel, channels, at, delay, ...rest }): PublishItem => {
      const due = delay === undefined ? at : now() + delay * 1000
      return { channels: channels ?? [channel as string], ...rest, ...(due !== undefined && { due }) }
    })
}

/** Reads a good item with one channel as the schema does; `undefined` for all that is not, or may not be, one. */
export function readPlain(value: unknown, retentionSeconds: number): PublishItem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { channel, data, type, id, ttl } = value as Readonly<Record<string, unknown>>
  if (typeof channel !== 'string' || !isChannelName(channel) || data === undefined) return undefined
  const item: { -readonly [Member in keyof PublishItem]: PublishItem[Member] } = { channels: [channel], data }
  let members = 2
  if (type !== undefined) {
    if (typeof type !== 'string' || !TYPE.test(type)) return undefined
    item.type = type
    members++
  }
  if (id !== undefined) {
    if (typeof id !== 'string' || !ID.test(id)) return undefined
    item.id = id
    members++
  }
  if (ttl !== undefined) {
    if (!Number.isInteger(ttl) || (ttl as number) < 1 || (ttl as number) > retentionSeconds) return undefined
    item.ttl = ttl as number
    members++
  }
  return Object.keys(value).length === members ? item : undefined
}
