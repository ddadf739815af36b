import type { Draft } from '../../log/log.ts'
import type { ScheduledDraft } from '../../log/schedule.ts'
import type { ProblemDetail } from '../../protocol/problem.ts'
import { Problem } from '../problem.ts'
import type { ReadItem } from './item.ts'
import type { Items } from './items.ts'

/** The most bytes of one item's data, as UTF-8 JSON without white space (contract §3). */
const MAX_DATA_BYTES = 64 * 1024
/** The most notifications that one request may store: its items times their channels. Beyond it: `too-large`. */
const MAX_NOTIFICATIONS = 10_000
/** The most bytes of data that one request may store: greatest data on the most channels. Beyond it: `too-large`. */
const MAX_STORED_BYTES = 1000 * MAX_DATA_BYTES
/** The most entries of `errors` in one answer; what follows in the body is not looked at. */
const MAX_ERRORS = 20

/** How items are judged, and completed. */
export interface DraftRules {
  readonly readItem: ReadItem
  /** the id of an item that has none, by its index */
  readonly defaultId: (index: number) => string
  readonly mayPublish: (channel: string) => boolean
  /** goes with all of them */
  readonly traceparent: string | undefined
}

/**
 * Checks all items and makes the notifications of them: items in order, and for each its channels in order.
 * @throws Problem `bad-notification`, `too-large`, or where all would be well `forbidden`
 */
export function toDrafts(items: Items, rules: DraftRules): (Draft | ScheduledDraft)[] {
  const { readItem, defaultId, mayPublish, traceparent } = rules
  const traced = traceparent === undefined ? {} : { traceparent }
  const drafts: (Draft | ScheduledDraft)[] = []
  const errors: ProblemDetail[] = []
  const forbidden: ProblemDetail[] = []
  let storedBytes = 0
  for (const [index, value] of items.values.entries()) {
    const at = items.batch ? `/${index}` : ''
    const item = readItem(value, at, errors)
    if (errors.length >= MAX_ERRORS) break
    if (!item) continue
    const { channels, id = defaultId(index), data: tree, ...rest } = item
    const data = JSON.stringify(tree)
    const bytes = Buffer.byteLength(data)
    if (bytes > MAX_DATA_BYTES) {
      throw tooLarge(`\`data\` may have ${MAX_DATA_BYTES} bytes`, at + pointerToOneOf(value, ['data']))
    }
    storedBytes += bytes * channels.length
    for (const [nth, channel] of channels.entries()) {
      drafts.push({ channel, id, data, ...rest, ...traced })
      if (!mayPublish(channel) && forbidden.length < MAX_ERRORS) {
        forbidden.push({ pointer: at + pointerToChannel(value, nth), detail: `No grant covers ${channel}.` })
      }
    }
    if (drafts.length > MAX_NOTIFICATIONS || storedBytes > MAX_STORED_BYTES) {
      throw tooLarge(
        `one request may store ${MAX_NOTIFICATIONS} notifications and ${MAX_STORED_BYTES} bytes of data`,
        at,
      )
    }
  }
  if (errors.length > 0) {
    const detail = 'Nothing was stored: see `errors`.'
    throw new Problem('bad-notification', detail, { errors: errors.slice(0, MAX_ERRORS) })
  }
  if (forbidden.length > 0) {
    throw new Problem('forbidden', 'Nothing was stored: see `errors`.', { errors: forbidden })
  }
  return drafts
}

/** Says whether it is to be published later. */
export function isScheduled(draft: Draft | ScheduledDraft): draft is ScheduledDraft {
  return 'due' in draft
}

/** Where the valid item `value` names the channel that is its `nth`, from 0: an event may have it in `subject`. */
function pointerToChannel(value: unknown, nth: number): string {
  return pointerToOneOf(value, ['channel', 'subject']) || `/channels/${nth}`
}

/** The first of these members that `value` has; `''`, the whole of it, when it has none. */
function pointerToOneOf(value: unknown, members: readonly string[]): string {
  const member = members.find((name) => Object.hasOwn(value as object, name))
  return member === undefined ? '' : `/${member}`
}

function tooLarge(limit: string, pointer: string): Problem {
  return new Problem('too-large', `Too large: ${limit}.`, { errors: [{ pointer, detail: limit }] })
}
