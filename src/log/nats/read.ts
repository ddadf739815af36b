import type { StreamInfo } from '@nats-io/jetstream'
import type { ChannelSet } from '../../protocol/channel-set.ts'
import { LogUnavailable, type Notification, PAGE_BYTES, type Page } from '../log.ts'
import { fillPage, SCAN } from '../page.ts'
import type { Link } from './connection.ts'
import { Consumer } from './consumer.ts'
import { decode } from './message.ts'
import { boundsOf } from './stream.ts'
import type { Subjects } from './subjects.ts'
import type { Turns } from './turns.ts'

/** Room for the largest notification, whatever share of a page a filter has: data of 64 KiB, headers, subject and reply subject. */
const ROOM = 80 * 1024
/** How often a read begins anew because the stream has got another leader. */
const ATTEMPTS = 3

/** Where and how a log is read. */
export interface Source {
  readonly link: Link
  readonly stream: string
  readonly subjects: Subjects
  /** what is done for one filter takes a turn */
  readonly filters: Turns
  /** the stream as its leader knows it now */
  describe(): Promise<StreamInfo>
}

/**
 * Reads a page.
 *
 * That `through` never skips anything rests on this. The leader says where the log ends (`last`), then, for each filter, where
 * the newest message on it is (`newest`), and then who it is, a second time: when it is the same server, it knew everything up to
 * `last` when it named the newest. A filter whose newest is not after the position asked for has nothing up to `last`. Any other is
 * read by a consumer, on whichever server: what a server has of a stream has no holes, and the consumer brings it in order with
 * counted deliveries. So once it has brought the newest, it has brought everything on its filter up to `last`; before, everything up to
 * what it has brought; and a server that lags behind only makes the page shorter.
 *
 * @param now the time by which `ttl` is judged, milliseconds since 1970
 */
export async function readPage(
  source: Source,
  channels: ChannelSet,
  after: number,
  limit: number,
  now: number,
): Promise<Page> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await source.describe()
    const { last } = boundsOf(before)
    const own = source.subjects.filtersOf(channels)
    // Along many filters a page costs a consumer each, and all but one page's worth of what they bring is thrown away. What is near
    // the end, where most of those read who have fallen behind, is read along the log itself.
    const isNear = own.length > 1 && last - after <= SCAN
    const filters = isNear ? [source.subjects.all] : own
    const wanted = {
      after,
      last,
      limit: isNear ? SCAN : limit,
      bytes: ROOM + Math.floor(PAGE_BYTES / filters.length),
    }
    const parts = await Promise.all(
      filters.map((filter) => source.filters.take(() => readFilter(source, filter, wanted))),
    )
    const since = await source.describe()
    if (since.cluster?.leader !== before.cluster?.leader || since.created !== before.created) continue

    const end = Math.min(...parts.map(({ through }) => through))
    // Retention may have taken what a consumer was about to bring, hence the bounds as they are since.
    const gap = boundsOf(since).first > after + 1
    return { ...fillPage(merge(parts, end), { channels, limit, now }, after, end), gap }
  }
  throw new LogUnavailable('NATS: the stream gets one leader after another')
}

/** What one filter has brought: everything on it up to `through`. */
interface Part {
  readonly notifications: readonly Notification[]
  readonly through: number
}

/** The stretch of the log that a page is read from, and the most messages and bytes of one filter. */
interface Stretch {
  readonly after: number
  readonly last: number
  readonly limit: number
  readonly bytes: number
}

async function readFilter(
  { link, stream, subjects }: Source,
  filter: string,
  { after, last, limit, bytes }: Stretch,
): Promise<Part> {
  const newest = await link.jsm.streams.getMessage(stream, { last_by_subj: filter })
  if (!newest || newest.seq <= after) return { notifications: [], through: Math.max(after, last) }

  const consumer = await Consumer.open(link, stream, { filter, start: after + 1, bodies: true })
  const deliveries = await consumer.pull({ until: newest.seq, limit, bytes })
  consumer.close()
  const reached = deliveries.at(-1)?.place.position
  if (reached === undefined) throw new LogUnavailable('NATS: the stream does not deliver')
  return {
    notifications: deliveries.flatMap(({ msg, place }) => decode(subjects, msg, place) ?? []),
    through: reached < newest.seq ? reached : Math.max(last, reached),
  }
}

/** In log order, each once though patterns may overlap, up to `end`. */
function merge(parts: readonly Part[], end: number): Notification[] {
  const byPosition = new Map(
    parts.flatMap(({ notifications }) => notifications.map((one) => [one.position, one] as const)),
  )
  return [...byPosition.values()]
    .filter(({ position }) => position <= end)
    .sort((a, b) => a.position - b.position)
}
