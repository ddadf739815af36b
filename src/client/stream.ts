import { matches } from '../protocol/channel.ts'
import type { GapMessage, NotificationMessage } from '../protocol/messages.ts'
import { runConnection } from './connection.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import { type Inbox, openInbox } from './inbox.ts'
import { initial } from './machine/machine.ts'
import type { State } from './machine/state.ts'
import { TIMINGS } from './machine/timings.ts'
import { recall, remember } from './memory.ts'
import { baseOf, cursorStoreOf, type Options } from './options.ts'
import { attempt, globals, onNetworkChange, surroundings } from './platform.ts'
import { positionAt } from './position.ts'
import { type Status, statusOf } from './status.ts'
import { openTab } from './tabs.ts'
import type { Loss, StreamMessage } from './transports/link.ts'
import { openLongPoll } from './transports/long-poll.ts'
import { openSse } from './transports/sse.ts'
import { openWebSocket } from './transports/websocket.ts'

/** Something that was refused: `code` is one of PROTOCOL.md's, or `unauthorized`. */
export class StreamError extends Error {
  readonly code: string

  constructor(code: string, message = code) {
    super(message)
    this.code = code
  }
}

/** What a stream tells. */
export interface StreamEvents<Data> {
  notification: NotificationMessage<Data>
  status: Status
  /** some notifications can't be had any more: fetch your state anew */
  gap: GapMessage
  error: StreamError
}

/** The notifications on some channels, by the best transport that the network lets through. */
export interface Stream<Data> {
  /** everything on the channels up to here has been handed to the application */
  readonly cursor: string | undefined
  readonly status: Status
  /** the names and patterns that are subscribed to */
  readonly channels: readonly string[]
  /** Calls `listener` with every event of `kind` from now on; returns what ends that. */
  readonly on: Emitter<StreamEvents<Data>>['on']
  /** Adds names and patterns; they count from where the stream stands. */
  subscribe(...channels: readonly string[]): void
  /** Takes names and patterns away, each as it was subscribed to; nothing of them is handed over any more. */
  unsubscribe(...channels: readonly string[]): void
  /** Ends it for good. */
  close(): void
  /**
   * Hands over the notifications from here on, to one loop; leaving it closes the stream. The cursor moves on when the loop comes back
   * for the next one. It throws a StreamError when the service refuses the stream for good.
   */
  [Symbol.asyncIterator](): AsyncGenerator<NotificationMessage<Data>, void>
}

/**
 * Opens the stream of notifications on some channels at a service, and keeps it open until it is closed.
 *
 * @param url the service's address, such as `https://notify.example/`; in a page it may be relative
 * @throws TypeError when `url` is not one
 */
export function connect<Data = unknown>(url: string | URL, options: Options = {}): Stream<Data> {
  const { transports = ['websocket', 'sse', 'long-poll'], tabs = true, token, signal } = options
  const base = baseOf(url)
  const platform = { ...surroundings(), ...options }
  const { locks, openChannel } = platform
  const timings = { ...TIMINGS, ...options.timings }
  const store = cursorStoreOf(options, base)
  const channels = new Set(options.channels)
  const { on, emit } = createEmitter<StreamEvents<Data>>()
  const over = new AbortController()
  let cursor = options.cursor ?? attempt(() => store?.get()) ?? undefined
  let inbox: Inbox<Data> | undefined
  let refusal: StreamError | undefined
  const position = positionAt(cursor)

  const name = `tidings:${base}:${tabs}`
  const channel = tabs && locks ? openChannel?.(name) : undefined
  const tab =
    channel &&
    locks &&
    openTab(
      { name, locks, channel, platform },
      {
        own: channels,
        standing: () => (status.state === 'live' && isConfirmed() ? position.cursor : undefined),
        channelsChanged: select,
      },
    )

  const own = transports.filter((kind) => kind !== 'websocket' || platform.WebSocket)
  const kinds = tab ? (['tab', ...own] as const) : own
  const state = initial({
    timings,
    transports: kinds,
    renewable: typeof token === 'function',
    ...recall(platform, base.origin, own, timings.probe),
  })
  let status = statusOf(state)
  /** what is subscribed to, in order; nothing while paused */
  let selected = ''
  let isFull = false

  const { dispatch, isConfirmed } = runConnection(
    {
      base,
      transports: {
        ...(tab && { tab: tab.open }),
        websocket: openWebSocket,
        sse: openSse,
        'long-poll': openLongPoll,
      },
      platform,
      tokens: token,
      position,
      channels: wanted,
      message: take,
      changed,
      disown: () => !!tab?.disown(),
      refused: fail,
      remember: (next) => remember(platform, base.origin, next),
    },
    state,
  )
  /** this tab's channels, and those of the tabs that depend on it */
  function wanted(): string[] {
    return tab?.channels() ?? [...channels]
  }

  /** Begins, goes on with other channels, or pauses, as long as nothing is wanted or the loop can't take it. */
  function select(): void {
    tab?.fit()
    const before = selected
    selected = isFull || channels.size === 0 ? '' : `${wanted().sort()}`
    if (selected === before) return
    dispatch({ kind: selected === '' ? 'pause' : before === '' ? 'resume' : 'channels' })
  }

  const close = (): void => dispatch({ kind: 'close' })

  function take(message: StreamMessage): void {
    const { type } = message
    if (type === 'error') emit('error', new StreamError(message.code, message.message))
    if (type === 'error' || type === 'bye' || type === 'pong') return
    if (type === 'ready') position.cursor ??= message.cursor
    else if (
      type === 'notification' ? !position.take(message.notification.cursor) : !position.move(message.cursor)
    )
      return
    tab?.relay(message)
    if (message.type === 'notification') hand(message.notification as NotificationMessage<Data>)
    if (message.type === 'gap') emit('gap', message)
    handed()
  }

  /** Others are another tab's, or were on their way when their channel was dropped. */
  function wants({ channel: name }: NotificationMessage): boolean {
    return [...channels].some((pattern) => matches(pattern, name))
  }

  function hand(notification: NotificationMessage<Data>): void {
    if (!wants(notification)) return
    inbox?.put(notification)
    emit('notification', notification)
  }

  /** The cursor follows only now: if the page went while a listener ran, the notification would come again. */
  function handed(done?: string): void {
    const next = inbox?.isIdle() === false ? done : position.cursor
    if (next === undefined || next === cursor) return
    cursor = next
    attempt(() => store?.set(next))
  }

  function changed(next: State): void {
    const before = JSON.stringify(status)
    status = statusOf(next)
    if (JSON.stringify(status) === before) return
    const { state: kind, reason } = status
    if (reason === 'unauthorized') fail({ code: reason })
    if (kind === 'closed' || reason === 'paused') tab?.leave()
    else tab?.enter()
    if (kind === 'closed') {
      over.abort()
      channel?.close()
      inbox?.end()
    }
    emit('status', status)
  }

  function fail({ code = 'refused', message }: Partial<Loss>): void {
    refusal = new StreamError(code, message)
    emit('error', refusal)
  }

  onNetworkChange(() => dispatch({ kind: 'nudge' }), over)
  globals.addEventListener?.('pagehide', () => tab?.leave(), over)
  select()
  signal?.addEventListener('abort', close, over)
  if (signal?.aborted) close()

  return {
    get cursor() {
      return cursor
    },
    get status() {
      return status
    },
    get channels() {
      return [...channels]
    },
    on,
    subscribe(...added) {
      for (const channel of added) channels.add(channel)
      select()
    },
    unsubscribe(...dropped) {
      for (const channel of dropped) channels.delete(channel)
      select()
    },
    close,
    async *[Symbol.asyncIterator]() {
      const full = (is: boolean): void => {
        isFull = is
        select()
      }
      inbox = openInbox({ done: handed, full, wants })
      try {
        if (status.state !== 'closed') yield* inbox.take()
        if (refusal) throw refusal
      } finally {
        close()
      }
    },
  }
}
