import { z } from 'zod'
import { isChannelName, SEGMENT_CHARACTERS } from '../protocol/channel.ts'

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
}

/** The most channels that one item may name (contract §3). */
const MAX_ITEM_CHANNELS = 1000

const CHARACTERS = 'A-Z a-z 0-9 _ - . ~ @ + ='

const channelName = z
  .string()
  .refine(
    isChannelName,
    `must be 1 to 8 segments joined by \`:\`, each 1 to 64 of ${CHARACTERS}, in all at most 255`,
  )

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

/** The schema of an item. `ttl` may be as long as retention, in seconds. */
export function itemSchema(retentionSeconds: number) {
  return z
    .strictObject({
      channel: channelName.exactOptional(),
      channels: channelNames.exactOptional(),
      data: z.unknown(),
      type: z
        .string()
        .regex(new RegExp(`^[${SEGMENT_CHARACTERS}]{1,128}$`), `must be 1 to 128 of ${CHARACTERS}`)
        .exactOptional(),
      id: z
        .string()
        .regex(/^[\x20-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters')
        .exactOptional(),
      ttl: z.int().min(1).max(retentionSeconds).exactOptional(),
    })
    .refine(({ channel, channels }) => (channel === undefined) !== (channels === undefined), {
      message: 'must have either `channel` or `channels`',
    })
    .transform(
      ({ channel, channels, ...rest }): PublishItem => ({
        channels: channels ?? [channel as string],
        ...rest,
      }),
    )
}
