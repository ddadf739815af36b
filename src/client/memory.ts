import type { ClientTransport, Doubt, State } from './machine/state.ts'
import { attempt, type Platform } from './platform.ts'

/** How long what worked the last time is believed to work still, in milliseconds: networks change. */
const BELIEVED_MS = 3_600_000

/** What worked at one origin the last time: when, which transport, and the longest silence that the network stood, in milliseconds. */
type Memory = readonly [at: number, transport: ClientTransport, quiet?: number]

/** Keeps what works at `origin`, in a storage that may be missing, full or forbidden. */
export function remember({ storage, now }: Platform, origin: string, { attempts, quiet }: State): void {
  const transport = attempts[0]?.transport
  // That a tab leads says nothing about the network.
  if (transport === 'tab') return
  attempt(() => storage?.setItem(`tidings:${origin}`, JSON.stringify([now(), transport, quiet])))
}

/** What worked at `origin` not long ago, as the machine begins with it: what is better than that is looked at after `pause`. */
export function recall(
  { storage, now }: Platform,
  origin: string,
  transports: readonly ClientTransport[],
  pause: number,
): Pick<State, 'quiet' | 'doubts'> {
  const known = attempt(() => {
    const [at, transport, quiet]: Memory = JSON.parse(`${storage?.getItem(`tidings:${origin}`)}`)
    if (now() - at > BELIEVED_MS) return
    const doubt: Doubt = { aloneUntil: now() + pause, aloneFor: pause }
    const better = transports.slice(0, Math.max(0, transports.indexOf(transport)))
    return { quiet, doubts: Object.fromEntries(better.map((kind) => [kind, doubt])) }
  })
  return known ?? { quiet: undefined, doubts: {} }
}
