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

/** How long a new leader lets the last words of the one before arrive, in milliseconds. */
const LAST_WORDS_MS = 50
/** How long a new leader waits for the others to say that they are there, in milliseconds. */
const ROLL_CALL_MS = 5_000

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

  function lead(): void {
    const before = [...members]
    isLeading = true
    link?.lost({ cause: 'planned' })
    say({ type: 'lead' })
    // Until they answer, the others have the channels that they had: the stream starts with all of them.
    platform.after(ROLL_CALL_MS, () => {
      for (const [id, channels] of before) if (members.get(id) === channels) members.delete(id)
      events.channelsChanged()
    })
    events.channelsChanged()
  }

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

  channel.onmessage = ({ data }) => {
    const message = data as TabMessage
    switch (message.type) {
      case 'join':
        joining.set(message.tab, message.cursor)
        enrol(message.tab, message.channels)
        break
      case 'channels':
        if (!message.channels) joining.delete(message.tab)
        enrol(message.tab, message.channels)
        break
      case 'lead':
        members.clear()
        joining.clear()
        link?.lost({ cause: 'planned' })
        break
      case 'answer':
        if (message.tab !== tab) break
        isInStep = message.ready !== undefined
        if (message.ready) link?.message(message.ready)
        else link?.lost({ cause: 'failed' })
        break
      case 'relay':
        if (isInStep) link?.message(message.message)
        break
    }
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
          platform.after(LAST_WORDS_MS, () => {
            if (!signal.aborted) lead()
          })
        })
      // It rejects when the tab has left before its turn came.
      locks.request(name, { signal }, hold).catch(() => {})
    },

    leave() {
      membership?.abort()
      membership = undefined
      isLeading = false
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
