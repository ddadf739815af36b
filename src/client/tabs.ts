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
  /** Sends others away, the last to come first, until what is left can be had in one stream. */
  fit(): void
  /** The service refuses what is subscribed to. Returns whether that may be for others' channels: those are wanted no more, ever. */
  disown(): boolean
  /** Stands for leader. */
  enter(): void
  /** Leaves the group: another leads, and nothing is done for this tab until it enters again. */
  leave(): void
  /** Passes on a message that this client has taken, if this tab leads. */
  relay(message: StreamMessage): void
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
  /** what the links to this tab want, in the order in which they came */
  const members = new Map<string, readonly string[]>()
  /** those that have no answer yet, and where they stand */
  const joining = new Map<string, string | undefined>()
  /** others' channels that were refused, or stood among such: at most MOST_CHANNELS for each refusal */
  const disowned = new Set<string>()
  let link = ''
  let linkEvents: LinkEvents | undefined
  let unlink = (): void => {}
  let isInStep = false
  let ready: ReadyMessage | undefined
  /** until the end of this tab's turn to lead */
  let term: AbortSignal | undefined
  let isLeading = false
  let membership: AbortController | undefined

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
    return [...new Set([...own, ...(isLeading ? [...members.values()].flat() : [])])]
  }

  /** Answers those who wait: the service has confirmed their channels, and who stands where this tab stands may follow. */
  function answer(): void {
    const here = events.standing()
    if (!isLeading || !ready || here === undefined) return
    for (const [id, cursor = here] of joining)
      say({ type: 'answer', link: id, ready: cursor === here ? { ...ready, cursor } : undefined })
    joining.clear()
  }

  function enrol(id: string, wanted: readonly string[]): void {
    members.set(id, wanted)
    events.channelsChanged()
    answer()
  }

  function forget(id: string): void {
    members.delete(id)
    joining.delete(id)
  }

  const hear: { [Type in TabMessage['type']]: (message: Extract<TabMessage, { type: Type }>) => void } = {
    join({ link: id, channels: wanted, cursor }) {
      if (!term) return
      joining.set(id, cursor)
      enrol(id, wanted)
      // It is free when the link is over, whatever has ended it: a tab that crashes says nothing.
      const gone = async (): Promise<void> => {
        forget(id)
        events.channelsChanged()
      }
      locks.request(name + id, { signal: term }, gone).catch(() => {})
    },
    channels({ link: id, channels: wanted }) {
      if (members.has(id)) enrol(id, wanted)
    },
    lead() {
      linkEvents?.lost({ cause: 'planned' })
    },
    answer({ link: id, ready: itsReady }) {
      if (id !== link) return
      isInStep = itsReady !== undefined
      if (itsReady) linkEvents?.message(itsReady)
      else linkEvents?.lost({ cause: 'failed' })
    },
    relay({ message }) {
      if (isInStep) linkEvents?.message(message)
    },
  }
  channel.onmessage = ({ data }) => {
    const message = data as TabMessage
    ;(hear[message.type] as (message: TabMessage) => void)(message)
  }

  return {
    channels,

    fit() {
      for (const [id, wanted] of [...members].reverse()) {
        if (channels().length <= MOST_CHANNELS && !wanted.some((one) => disowned.has(one))) continue
        forget(id)
        say({ type: 'answer', link: id, ready: undefined })
      }
    },

    disown() {
      const theirs = channels().filter((one) => !own.has(one))
      for (const one of theirs) disowned.add(one)
      if (theirs.length > 0) events.channelsChanged()
      return theirs.length > 0
    },

    open({ channels: wanted, cursor }, itsEvents) {
      const id = `${platform.now()}${platform.random()}`
      const over = new AbortController()
      link = id
      linkEvents = itsEvents
      isInStep = false
      unlink = () => over.abort()
      if (isLeading) platform.after(0, () => itsEvents.lost({ cause: 'planned' }))
      // Only then: whoever leads waits for the lock to be free.
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
      joining.clear()
      // A page that is kept for later hears nothing meanwhile: it must not take up again in the middle.
      isInStep = false
      unlink()
    },

    relay(message) {
      if (message.type === 'ready') ready = message
      if (!isLeading) return
      say({ type: 'relay', message })
      answer()
    },
  }
}
