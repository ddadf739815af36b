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
  /** where the client stands, while notifications come */
  standing(): string | undefined
  /** Who leads, or the channels of those who follow, may have changed. */
  channelsChanged(): void
}

/** One tab of its group. */
export interface Tab {
  /** the transport by way of the tab that leads */
  readonly open: OpenLink
  /** the channels of those who depend on this tab */
  channels(): readonly string[]
  /** Stands for leader. */
  enter(): void
  /** Leaves the group: another leads, and nothing is done for this tab until it enters again. */
  leave(): void
  /** Passes on a message that this client has taken, if this tab leads. */
  relay(message: StreamMessage): void
}

/** What tabs say to each other; `tab` is whom it is about. */
type TabMessage =
  /** It wants to follow from `cursor` on, or else from now on. */
  | { type: 'join'; tab: string; channels: readonly string[]; cursor: string | undefined }
  /** It depends on the leader for these channels, or for none any more. */
  | { type: 'channels'; tab: string; channels?: readonly string[] }
  | { type: 'lead' }
  /** It may follow, from `ready.cursor` on, or not. */
  | { type: 'answer'; tab: string; ready: ReadyMessage | undefined }
  | { type: 'relay'; message: StreamMessage }

/**
 * How long the next to lead waits, in milliseconds, before it opens the stream: for the others to say which channels they need, and
 * for the last words of the one before.
 */
const ROLL_CALL_MS = 50

/**
 * Enters nothing yet. The tabs of one origin share one connection: the one that holds the lock leads, and to the others it is a
 * transport, whose link is tried, watched, lost and probed like any other. The README argues why nothing is lost or repeated.
 */
export function openTab({ name, locks, channel, platform }: Group, events: TabsEvents): Tab {
  const tab = `${platform.now()}${platform.random()}`
  /** the channels of the others, as far as this tab has heard of them */
  const members = new Map<string, readonly string[]>()
  /** those who want to follow, and where they stand */
  const joining = new Map<string, string | undefined>()
  let link: LinkEvents | undefined
  let isInStep = false
  let ready: ReadyMessage | undefined
  let isLeading = false
  let membership: AbortController | undefined

  const say = (message: TabMessage): void => channel.postMessage(message)

  /** Answers those whose channels are subscribed to: who stands where this tab stands may follow. */
  function answer(): void {
    const here = events.standing()
    if (!isLeading || !ready || here === undefined) return
    for (const [id, cursor = here] of joining) {
      if (!members.get(id)?.every((channel) => ready?.channels.includes(channel))) continue
      joining.delete(id)
      say({ type: 'answer', tab: id, ready: cursor === here ? { ...ready, cursor } : undefined })
    }
  }

  const hear: { [Type in TabMessage['type']]: (message: Extract<TabMessage, { type: Type }>) => void } = {
    join({ tab: id, channels, cursor }) {
      joining.set(id, cursor)
      enrol(id, channels)
    },
    channels({ tab: id, channels }) {
      if (!channels) joining.delete(id)
      enrol(id, channels)
    },
    lead() {
      forget()
      link?.lost({ cause: 'planned' })
    },
    answer({ tab: id, ready: itsReady }) {
      if (id !== tab) return
      isInStep = itsReady !== undefined
      if (itsReady) link?.message(itsReady)
      else link?.lost({ cause: 'failed' })
    },
    relay({ message }) {
      if (isInStep) link?.message(message)
    },
  }
  channel.onmessage = ({ data }) => {
    const message = data as TabMessage
    ;(hear[message.type] as (message: TabMessage) => void)(message)
  }

  function forget(): void {
    members.clear()
    joining.clear()
  }

  function enrol(id: string, channels?: readonly string[]): void {
    if (channels) members.set(id, channels)
    else members.delete(id)
    if (!isLeading) return
    events.channelsChanged()
    answer()
  }

  return {
    channels: () => (isLeading ? [...members.values()].flat() : []),

    open({ channels: wanted, cursor }, itsEvents) {
      isInStep = false
      link = itsEvents
      if (isLeading) platform.after(0, () => itsEvents.lost({ cause: 'planned' }))
      else say({ type: 'join', tab, channels: wanted(), cursor })
      return {
        send: () => say({ type: 'channels', tab, channels: wanted() }),
        close() {
          isInStep = false
          say({ type: 'channels', tab })
        },
      }
    },

    enter() {
      if (membership) return
      membership = new AbortController()
      const { signal } = membership
      const hold = (): Promise<void> =>
        new Promise((resolve) => {
          signal.onabort = () => resolve()
          forget()
          say({ type: 'lead' })
          platform.after(ROLL_CALL_MS, () => {
            if (signal.aborted) return
            isLeading = true
            link?.lost({ cause: 'planned' })
            events.channelsChanged()
          })
        })
      // It rejects when the tab has left before its turn came.
      locks.request(name, { signal }, hold).catch(() => {})
    },

    leave() {
      membership?.abort()
      membership = undefined
      // A page that is kept for later hears nothing meanwhile: it must not take up again in the middle.
      isLeading = isInStep = false
      say({ type: 'channels', tab })
    },

    relay(message) {
      if (message.type === 'ready') ready = message
      else if (ready && 'channels' in message) ready = { ...ready, channels: message.channels }
      if (!isLeading) return
      say({ type: 'relay', message })
      answer()
    },
  }
}
