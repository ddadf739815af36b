/**
 * Channel names and patterns (contract §1).
 *
 * A channel name is 1 to 8 segments joined by `:`, at most 255 characters in all; a segment is 1 to 64 of
 * `A–Z a–z 0–9 _ - . ~ @ + =`. A pattern is a name in which a segment may be `*` (exactly one segment) and the
 * last may be `**` (one or more segments).
 */

/** The most characters a channel name or pattern may have. */
export const MAX_CHANNEL_LENGTH = 255
/** The most segments a channel name or pattern may have. */
export const MAX_CHANNEL_SEGMENTS = 8
/** What a segment is made of; also what a notification's `type` is made of. */
export const SEGMENT_CHARACTERS = 'A-Za-z0-9_\\-.~@+='

// PURE: a bundle that only matches names, as the SDK's, is rid of them.
const SEGMENT = `[${SEGMENT_CHARACTERS}]{1,64}`
/** A channel name that is not too long. */
export const CHANNEL_NAME = /* @__PURE__ */ new RegExp(
  `^${SEGMENT}(?::${SEGMENT}){0,${MAX_CHANNEL_SEGMENTS - 1}}$`,
)
const ANY = `(?:\\*|${SEGMENT})`
/** A channel name or pattern that is not too long. */
export const CHANNEL_PATTERN = /* @__PURE__ */ new RegExp(
  `^(?:\\*\\*|${ANY}(?::${ANY}){0,${MAX_CHANNEL_SEGMENTS - 1}}|(?:${ANY}:){1,${MAX_CHANNEL_SEGMENTS - 1}}\\*\\*)$`,
)

/** Says whether `text` is a channel name: what one publishes to. */
export function isChannelName(text: string): boolean {
  return text.length <= MAX_CHANNEL_LENGTH && CHANNEL_NAME.test(text)
}

/** Says whether `text` is a channel name or a pattern: what one subscribes to. */
export function isChannelPattern(text: string): boolean {
  return text.length <= MAX_CHANNEL_LENGTH && CHANNEL_PATTERN.test(text)
}

/** Says whether `text`, a valid name or pattern, has a wildcard in it. (`*` is no segment character.) */
export function hasWildcard(text: string): boolean {
  return text.includes('*')
}

/**
 * Says whether `channel` is one of the service's own, on which nobody else may publish or subscribe: it begins with `$`, which is no
 * segment character. No pattern stands for it, as in MQTT 5 §4.7.2.
 */
export function isReserved(channel: string): boolean {
  return channel.startsWith('$')
}

/** Says whether the channel named `channel` is one of those that `pattern` stands for. Both must be valid. */
export function matches(pattern: string, channel: string): boolean {
  return matchesSegments(pattern.split(':'), channel.split(':'))
}

/** The same for a pattern and a channel that have been taken apart, where one is compared with many. */
export function matchesSegments(wanted: readonly string[], segments: readonly string[]): boolean {
  const isOpen = wanted.at(-1) === '**'
  if (isOpen ? segments.length < wanted.length : segments.length !== wanted.length) return false
  return wanted.every((segment, i) => segment === segments[i] || segment === '*' || segment === '**')
}
