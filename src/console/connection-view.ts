import type { Status } from '../client/status.ts'
import { clockTime, make, part, say } from './dom.ts'
import { explain, lengthOf, markOf, outcome } from './explain.ts'
import { TRANSPORTS, titleOf } from './names.ts'
import type { Entry, Negotiation } from './negotiation.ts'
import type { Blockable, Network } from './network.ts'

/** How often the countdown is written anew, in milliseconds. */
const COUNTDOWN_MS = 250

/** Shows how this tab is connected, and why; with the switches that block a transport. */
export interface ConnectionView {
  /** Shows what is now. Several calls in one turn of the event loop are one. */
  update(): void
}

/** @param status how the stream is now; asked after this turn of the event loop */
export function connectionView(
  status: () => Status,
  negotiation: Negotiation,
  network: Network,
): ConnectionView {
  const badge = part('badge', HTMLElement)
  const badgeText = part('badge-text', HTMLElement)
  const headline = part('headline', HTMLElement)
  const why = part('why', HTMLElement)
  const countdown = part('countdown', HTMLElement)
  const again = part('again', HTMLButtonElement)
  const timeline = part('timeline', HTMLOListElement)
  let isDue = false

  // What scrolls can be reached by keyboard (WCAG 2.1.1).
  timeline.tabIndex = 0
  for (const what of [...TRANSPORTS, 'network'] satisfies Blockable[]) {
    const box = part(`block-${what}`, HTMLInputElement)
    // Browsers keep what was checked over a reload, and the new page has blocked nothing.
    box.checked = false
    box.addEventListener('change', () => {
      negotiation.remark('idle', remarkOn(what, box.checked))
      network.block(what, box.checked)
      update()
    })
  }
  again.addEventListener('click', () => location.reload())
  setInterval(countDown, COUNTDOWN_MS)

  function update(): void {
    if (isDue) return
    isDue = true
    queueMicrotask(() => {
      isDue = false
      render()
    })
  }

  function render(): void {
    const now = status()
    const { tone, badge: short, headline: title, why: reason } = explain(now, negotiation)
    badge.dataset['tone'] = tone
    headline.dataset['tone'] = tone
    say(badgeText, short)
    say(headline, title)
    say(why, reason)
    again.hidden = now.state !== 'closed'
    for (const transport of TRANSPORTS) {
      const [attempt] = negotiation.by(transport)
      const isUsed = now.transport === transport
      const rung = part(`rung-${transport}`, HTMLElement)
      say(rung, attempt ? sentence(outcome(attempt)) : 'Not tried yet')
      const item = rung.closest('li')
      if (item) item.dataset['mark'] = isUsed ? 'ready' : attempt ? markOf(attempt) : 'none'
    }
    timeline.replaceChildren(...negotiation.entries.map(row))
    countDown()
  }

  function countDown(): void {
    const { state, until } = status()
    const left = until - Date.now()
    const isWaiting = (state === 'waiting' || state === 'offline') && Number.isFinite(until) && left > 0
    say(countdown, isWaiting ? `Tries again in ${(left / 1000).toFixed(1)} s` : '')
  }

  return { update }
}

function row(entry: Entry): HTMLElement {
  const time = make('time', '', clockTime(entry.at))
  if (entry.kind === 'remark') {
    const item = make('li', '', time, make('span', 'text', entry.text))
    item.dataset['mark'] = entry.tone
    return item
  }
  const length = lengthOf(entry)
  const text = make('span', 'text', make('strong', '', titleOf(entry.transport)), ` ${outcome(entry)}`)
  const item = make('li', '', time, text, make('span', 'length', length))
  item.dataset['mark'] = markOf(entry)
  item.dataset['transport'] = entry.transport
  return item
}

function remarkOn(what: Blockable, isBlocked: boolean): string {
  if (what === 'network') return isBlocked ? 'You cut the network' : 'You mended the network'
  return `You ${isBlocked ? 'blocked' : 'unblocked'} ${what === 'long-poll' ? 'long polling' : titleOf(what)}`
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
