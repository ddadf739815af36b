import type { ChannelSet } from '../../protocol/channel-set.ts'
import { isWanted, LOOK_BACK } from '../page.ts'
import { Consumer } from './consumer.ts'
import { decode } from './message.ts'
import type { Source } from './read.ts'
import { boundsOf } from './stream.ts'

/** How many more than wanted may be listed, instead of looking for a closer place to list from. */
const SLACK = 1000

/**
 * Finds the place before the `count` newest on `channels`: lists the newest of each filter, by headers alone, and counts
 * back along them all. A server that lags behind makes the place an earlier one, which is no harm. Where there are none it is the end.
 */
export async function findNewest(source: Source, channels: ChannelSet, count: number): Promise<number> {
  const { first, last } = boundsOf(await source.describe())
  const lists = await Promise.all(
    source.subjects
      .filtersOf(channels)
      .map((filter) => source.filters.take(() => listNewest(source, filter, { channels, first }, count))),
  )
  const positions = [...new Set(lists.flat())].sort((a, b) => b - a)
  return (positions[count - 1] ?? positions.at(-1) ?? last + 1) - 1
}

/** What is looked for along a filter, which may bring more, and the first position that there is. */
interface Search {
  readonly channels: ChannelSet
  readonly first: number
}

/** At least the `count` newest positions along one filter that are wanted, or all of the newest LOOK_BACK. */
async function listNewest(source: Source, filter: string, search: Search, count: number): Promise<number[]> {
  const newest = await source.link.jsm.streams.getMessage(source.stream, { last_by_subj: filter })
  if (!newest) return []
  for (let wanted = count; ; wanted *= 2) {
    const { start, positions } = await list(source, filter, search, { wanted, last: newest.seq })
    if (positions.length >= count || start <= search.first || wanted >= LOOK_BACK) return positions
  }
}

/** Lists the `wanted` newest, some more, or all; then takes out what has expired, or is on none of the channels after all. */
async function list(
  { link, stream, subjects }: Source,
  filter: string,
  { channels, first }: Search,
  { wanted, last }: { wanted: number; last: number },
): Promise<{ start: number; positions: number[] }> {
  // What is known: from `few` on there are too few, from `many` on more than has to be listed.
  let few = last + 1
  let many: number | undefined
  let start = Math.max(first, few - wanted)
  while (true) {
    const consumer = await Consumer.open(link, stream, { filter, start, bodies: false })
    // What has come since `last` is pending, too, and must not be taken for a reason to come closer: that would never end.
    const atMost = Math.min(consumer.pending, last - start + 1)
    if (consumer.pending < wanted && start > first) few = start
    else if (atMost > wanted + SLACK && start < few - 1) many = start
    else {
      const { pending } = consumer
      const deliveries = pending > 0 ? await consumer.pull({ until: last, limit: pending }) : []
      consumer.close()
      const notifications = deliveries.flatMap(({ msg, place }) => decode(subjects, msg, place) ?? [])
      const now = Date.now()
      const found = notifications.filter((notification) => isWanted(notification, channels, now))
      return { start, positions: found.map(({ position }) => position) }
    }
    consumer.close()
    // Back by leaps until there are enough, then between the two.
    start = many === undefined ? Math.max(first, last - 8 * (last - few + 1)) : Math.floor((few + many) / 2)
  }
}
