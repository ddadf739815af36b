import { type TokenSource, usableFor } from './credentials.ts'
import { deadline, step } from './machine/machine.ts'
import type { Attempt, Effect, Event, State } from './machine/state.ts'
import { NEVER } from './machine/timings.ts'
import type { Platform } from './platform.ts'
import type { Position } from './position.ts'
import type { Link, Loss, OpenLink, StreamMessage, Transports } from './transports/link.ts'

/** What a connection is made of. */
export interface ConnectionParts {
  /** the service's address; ends in a slash */
  readonly base: URL
  readonly transports: Transports
  readonly platform: Platform
  readonly tokens: TokenSource | undefined
  readonly position: Position
  /** the channels to subscribe to, as they are at the moment */
  channels(): readonly string[]
  /** A message of the stream in use. */
  message(message: StreamMessage): void
  /** The machine is in another state. */
  changed(state: State): void
  /** The service refuses something. Returns whether that may have been asked for others, and is not any more. */
  disown(): boolean
  /** The service has refused the request: `loss` has its words. */
  refused(loss: Loss): void
  /** Keep for the next visit what works here. */
  remember(state: State): void
}

/** A connection at work. */
export interface Connection {
  /** Tells it of one event more. */
  dispatch(event: Event): void
  /** Says whether the service has confirmed every change of channels on the stream in use. */
  isConfirmed(): boolean
}

/** Timers that are set for more than 2^31 ms go off at once. */
const LONGEST_TIMER = 1e9

/** Does what the machine says, and tells it what happens. */
export function runConnection(parts: ConnectionParts, initial: State): Connection {
  const { base, transports, platform, tokens, position } = parts
  const links = new Map<number, Link>()
  let state = initial
  let token = typeof tokens === 'string' ? tokens : undefined
  /** the attempt that notifications come from */
  let used = 0
  /** the channels that it has been told */
  let told: readonly string[] = []
  /** of the frames that told it, how many it has yet to confirm */
  let unconfirmed = 0
  let timerAt = NEVER
  let cancelTimer = (): void => {}

  function dispatch(event: Event): void {
    const [next, todo] = step(state, event, platform.now(), platform.random())
    state = next
    for (const [id, link] of links) {
      if (state.attempts.some((attempt) => attempt.id === id)) continue
      links.delete(id)
      link.close()
    }
    for (const attempt of state.attempts) if (!links.has(attempt.id)) open(attempt)
    for (const effect of todo) (effects[effect.kind] as (effect: Effect) => void)(effect)
    // An effect may have been an event itself, and gone on from there.
    setTimer(deadline(state))
    parts.changed(state)
  }

  /** A timer that is set for too early only looks again: notifications, each of which puts the deadline off, cost no timer. */
  function setTimer(at: number): void {
    if (at >= timerAt && at < NEVER) return
    cancelTimer()
    timerAt = at
    // Nothing to wait for: nothing keeps a process of Node.
    if (at < NEVER)
      cancelTimer = platform.after(Math.min(LONGEST_TIMER, at - platform.now()), () => {
        timerAt = NEVER
        dispatch({ kind: 'tick' })
      })
  }

  /** Sends on the stream in use, where it has a way back. */
  const send: NonNullable<Link['send']> = (frame) => links.get(used)?.send?.(frame)

  function tell(type: 'subscribe' | 'unsubscribe', channels: readonly string[]): void {
    if (channels.length === 0) return
    unconfirmed++
    send({ type, channels })
  }

  function open({ id, transport, via }: Attempt): void {
    position.fork()
    told = parts.channels()
    const { channels } = parts
    const request = { base, channels, cursor: position.cursor, quiet: state.quiet, via, token: () => token }
    const events = {
      message: (message: StreamMessage) => receive(id, message),
      lost: (loss: Loss) => lose(id, loss),
    }
    let link: Link = { close: () => {} }
    try {
      link = (transports[transport] as OpenLink)(request, events, platform)
    } catch {
      // Browsers throw where a page may not even try.
      platform.after(0, () => events.lost({ cause: 'failed' }))
    }
    links.set(id, link)
  }

  const effects: { [Kind in Effect['kind']]: (effect: Extract<Effect, { kind: Kind }>) => void } = {
    use({ id }) {
      used = id
      unconfirmed = 0
      if (!position.join()) lose(id, { cause: 'planned' })
    },

    channels() {
      // What an added channel brings would come among the repeats, and before them in the log.
      if (position.isRepeating()) return lose(used, { cause: 'planned' })
      const wanted = parts.channels()
      const added = wanted.filter((channel) => !told.includes(channel))
      const dropped = told.filter((channel) => !wanted.includes(channel))
      told = wanted
      tell('subscribe', added)
      tell('unsubscribe', dropped)
    },

    token: () => send({ type: 'token', token: `${token}` }),

    ping: () => send({ type: 'ping' }),

    /** Asks by plain HTTP whether the service can be reached: a page that a proxy or a hotel puts in its place is not this JSON. */
    async check() {
      let reachable = false
      try {
        const signal = AbortSignal.timeout(state.timings.ready)
        const response = await platform.fetch(new URL('livez', base), { signal })
        reachable = ((await response.json()) as { status?: unknown }).status === 'ok'
      } catch {}
      dispatch({ kind: 'checked', reachable })
    },

    async renew() {
      let renewAt: number | undefined
      try {
        const next = await (tokens as () => string | Promise<string>)()
        const now = platform.now()
        // Whoever has none is not anonymous.
        if (next) {
          token = next
          renewAt = now + usableFor(next, now)
        }
      } catch {}
      dispatch({ kind: 'token', renewAt })
    },

    remember: () => parts.remember(state),
  }

  function lose(id: number, loss: Loss): void {
    if (!links.has(id)) return
    const cause = loss.cause === 'refused' && parts.disown() ? 'planned' : loss.cause
    if (cause === 'refused') parts.refused(loss)
    dispatch({ kind: 'lost', id, ...loss, cause })
  }

  function receive(id: number, message: StreamMessage): void {
    if (!links.has(id)) return
    if (message.type === 'ready') dispatch({ kind: 'ready', id, heartbeat: message.heartbeat * 1000 })
    if (id !== used) return
    if (message.type === 'bye') {
      // Not as `planned`: a WebSocket with the old token would be refused with a 401 that no client sees.
      if (message.reason === 'token-expired') lose(id, { cause: 'unauthorized' })
      else dispatch({ kind: 'bye', id, retryAfter: message.retryAfter })
    }
    dispatch({ kind: 'heard', id })
    if (/subscribed$/.test(message.type)) unconfirmed--
    // What is refused may be others' channels, or ours in the same frame: the stream is opened anew with ours alone.
    if (message.type === 'error' && /channel|forbidden/.test(message.code) && parts.disown())
      lose(id, { cause: 'planned' })
    else parts.message(message)
  }

  return { dispatch, isConfirmed: () => unconfirmed === 0 }
}
