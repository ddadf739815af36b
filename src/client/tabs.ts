import type { ReadyMessage } from '../protocol/messages.ts'
import type { Locks, Platform, TabChannel } from './platform.ts'
import type { LinkEvents, OpenLink, StreamMessage } from './transports/link.ts'

/** What the tabs of a group share. */
export interface Group {
  /** of the lock; tabs with the same one share a connection */
  readonly name: string
  readonly locks: Locks
  readonly channel: TabChannel
  readonly platform: Platform
}

/** What a tab asks of its client, and tells it. */
export interface TabsEvents {
  /** the channels that this tab wants for itself, as they are at the moment */
  readonly own: ReadonlySet<string>
  /** where the client stands, while notifications come and the service has confirmed every change of channels */
  standing(): string | undefined
  /** Who leads, or the channels of those who follow, may have changed. */
  channelsChanged(): void
}

/** One tab of its group. */
export interface Tab {
  /** the transport by way of the tab that leads */
  readonly open: OpenLink
  /** this tab's channels, and those of the others that depend on it */
  channels(): string[]
  /** Sends others away, the last to come first, until what all want can be had in one stream. */
  fit(): void
  /** The service refuses what is subscribed to. Returns whether that may be for what only others want: that is wanted no more. */
  disown(): boolean
  /** Stands for leader. */
  enter(): void
  /** Leaves the group: another leads, and nothing is done for this tab until it enters again. */
  leave(): void
  /** Passes on a message that this client has taken, if this tab leads. */
  relay(message: StreamMessage): void
}

/** A link of another tab to this one. */
interface Member {
  readonly channels: readonly string[]
  /** where it stood when it joined */
  readonly cursor?: string | undefined
  /** it has no answer yet */
  readonly isWaiting?: boolean
}

/** What tabs say to each other. `link` is one link of a tab that follows, or wants to: the next one is another. */
type TabMessage =
  /** It wants to follow from `cursor` on, or else from now on. */
  | { type: 'join'; link: string; channels: readonly string[]; cursor: string | undefined }
  /** It wants other channels from here on. */
  | { type: 'channels'; link: string; channels: readonly string[] }
  | { type: 'lead' }
  /** It may follow, from `ready.cursor` on, or not, or no longer. */
  | { type: 'answer'; link: string; ready: ReadyMessage | undefined }
  | { type: 'relay'; message: StreamMessage }

/**
 * How long the next to lead waits, in milliseconds, before it opens the stream: for the others to say which channels they need, and
 * for the last words of the one before.
 */
const ROLL_CALL_MS = 50

/** The most channels of one stream (PROTOCOL P-21). With more, tabs go alone. */
const MOST_CHANNELS = 100

/**
 * Enters nothing yet. The tabs of one origin share one connection: the one that holds the lock leads, and to the others it is a
 * transport, whose link is tried, watched, lost and probed like any other. The README argues why nothing is lost or repeated.
 */
export function openTab({ name, locks, channel, platform }: Group, events: TabsEvents): Tab {
  const { own } = events
  /** the links to this tab, in the order in which they came */
  const members = new Map<string, Member>()
  /** this tab's own link, the last one */
  let link = ''
  let linkEvents: LinkEvents | undefined
  let unlink = (): void => {}
  let ready: ReadyMessage | undefined
  let membership: AbortController | undefined
  /** until the end of this tab's turn to lead */
  let term: AbortSignal | undefined
  let isLeading = false
  /** subscribes to nothing any more that only others want: some of that was refused */
  let isSelfish = false

  const say = (message: TabMessage): void => channel.postMessage(message)

  /** Holds a lock until `signal` is aborted; it may never have been given by then. */
  function hold(lock: string, signal: AbortSignal, held: () => void): void {
    const holding = (): Promise<void> =>
      new Promise((resolve) => {
        signal.onabort = () => resolve()
        held()
      })
    locks.request(lock, { signal }, holding).catch(() => {})
  }

  function channels(): string[] {
    const theirs = isLeading ? [...members.values()].flatMap((member) => member.channels) : []
    return [...new Set([...own, ...theirs])]
  }

  /** Takes a link, or one with other channels; and answers those that the service has confirmed the channels of. */
  function enrol(id: string, member?: Member): void {
    if (member) members.set(id, member)
    else members.delete(id)
    events.channelsChanged()
    answer()
  }

  /** Who stands where this tab stands may follow. */
  function answer(): void {
    const here = events.standing()
    if (!isLeading || !ready || here === undefined) return
    for (const [id, { cursor = here, isWaiting, ...member }] of members) {
      if (!isWaiting) continue
      members.set(id, member)
      say({ type: 'answer', link: id, ready: cursor === here ? { ...ready, cursor } : undefined })
    }
  }

  const hear: { [Type in TabMessage['type']]: (message: Extract<TabMessage, { type: Type }>) => void } = {
    join({ link: id, channels: wanted, cursor }) {
      if (!term) return
      enrol(id, { channels: wanted, cursor, isWaiting: true })
      // It is free when the link is over, whatever has ended it: a tab that crashes says nothing.
      locks.request(name + id, { signal: term }, async () => enrol(id)).catch(() => {})
    },
    channels({ link: id, channels: wanted }) {
      const member = members.get(id)
      if (member) enrol(id, { ...member, channels: wanted })
    },
    lead() {
      linkEvents?.lost({ cause: 'planned' })
    },
    answer({ link: id, ready: itsReady }) {
      if (id !== link) return
      if (itsReady) linkEvents?.message(itsReady)
      else linkEvents?.lost({ cause: 'failed' })
    },
    relay({ message }) {
      // A link that has had no answer yet is not `ready`: the client takes nothing from it.
      linkEvents?.message(message)
    },
  }
  channel.onmessage = ({ data }) => {
    const message = data as TabMessage
    ;(hear[message.type] as (message: TabMessage) => void)(message)
  }

  return {
    channels,

    fit() {
      for (const [id, member] of [...members].reverse()) {
        const isOver = isSelfish
          ? member.channels.some((one) => !own.has(one))
          : channels().length > MOST_CHANNELS
        if (!isOver) continue
        members.delete(id)
        say({ type: 'answer', link: id, ready: undefined })
      }
    },

    disown() {
      const isOthers = channels().length > own.size
      if (isOthers) isSelfish = true
      events.channelsChanged()
      return isOthers
    },

    open({ channels: wanted, cursor }, itsEvents) {
      const id = `${platform.now()}${platform.random()}`
      const over = new AbortController()
      link = id
      linkEvents = itsEvents
      unlink = () => over.abort()
      if (isLeading) platform.after(0, () => itsEvents.lost({ cause: 'planned' }))
      // Only when it has the lock, for which the one that leads will wait.
      else hold(name + id, over.signal, () => say({ type: 'join', link: id, channels: wanted(), cursor }))
      return { send: () => say({ type: 'channels', link: id, channels: wanted() }), close: unlink }
    },

    enter() {
      if (membership) return
      membership = new AbortController()
      const { signal } = membership
      hold(name, signal, () => {
        term = signal
        say({ type: 'lead' })
        platform.after(ROLL_CALL_MS, () => {
          if (signal.aborted) return
          isLeading = true
          linkEvents?.lost({ cause: 'planned' })
          events.channelsChanged()
          answer()
        })
      })
    },

    leave() {
      membership?.abort()
      membership = term = undefined
      isLeading = false
      members.clear()
      unlink()
      // A page that is kept for later hears nothing meanwhile: it must not take up again in the middle.
      linkEvents = undefined
    },

    relay(message) {
      if (message.type === 'ready') ready = message
      else if (isLeading) say({ type: 'relay', message })
      answer()
    },
  }
}
