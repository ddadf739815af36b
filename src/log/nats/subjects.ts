import { matches } from '../../protocol/channel.ts'
import type { ChannelSet } from '../../protocol/channel-set.ts'

/**
 * Channels as NATS subjects: `<name>.log.<segment>.<segment>…`, one token a segment.
 *
 * Of the characters a segment may have only `.` means something in a subject, and `%` is in no segment, so `.` becomes `%`: one
 * character for one, there and back. The longest channel (255 characters) gives a subject well below the 512 bytes beyond which
 * servers and their clusters are no longer at ease (near 4 KiB they close the connection); so no name has to be cut or hashed, and
 * a pattern is exactly a subject filter: `*` is one token, `**` is `>`, one or more.
 */
export class Subjects {
  readonly #prefix: string

  /** @param name the log's name: a subject token, also the stream's name */
  constructor(name: string) {
    this.#prefix = `${name}.log.`
  }

  /** The filter for all channels: what the stream stores. */
  get all(): string {
    return `${this.#prefix}>`
  }

  /** The subject of a channel, or the filter for a pattern. */
  of(channel: string): string {
    const tokens = channel.replaceAll('.', '%').replaceAll(':', '.')
    return this.#prefix + (tokens.endsWith('**') ? `${tokens.slice(0, -2)}>` : tokens)
  }

  /** The channel of a subject that the stream stores. */
  channelOf(subject: string): string {
    return subject.slice(this.#prefix.length).replaceAll('.', ':').replaceAll('%', '.')
  }

  /** The filters which together bring what is on `channels`; patterns may still overlap one another. */
  filtersOf({ names, patterns }: ChannelSet): string[] {
    const alone = [...names].filter((name) => !patterns.some((pattern) => matches(pattern, name)))
    return [...alone, ...patterns].map((channel) => this.of(channel))
  }
}
