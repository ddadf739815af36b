import type { GapMessage, NotificationMessage } from '../protocol/messages.ts'
import { clockTime, make, part, say } from './dom.ts'

/** So many rows are kept, also while paused; the oldest goes first. */
const MOST_ROWS = 200

/** So much of a notification's data is shown, in characters. */
const MOST_DATA = 2_000

/** Shows what comes. */
export interface FeedView {
  /** @param transport what it came by */
  add(notification: NotificationMessage, transport: string): void
  gap(gap: GapMessage): void
}

/** A feed that is written at most once a frame, however much comes. */
export function feedView(): FeedView {
  const items = part('items', HTMLOListElement)
  const count = part('count', HTMLElement)
  const pause = part('pause', HTMLButtonElement)
  let waiting: (() => HTMLElement)[] = []
  let total = 0
  let isPaused = false
  let isDue = false

  // What scrolls can be reached by keyboard (WCAG 2.1.1).
  items.tabIndex = 0
  pause.addEventListener('click', () => {
    isPaused = !isPaused
    pause.setAttribute('aria-pressed', `${isPaused}`)
    render()
  })
  part('clear', HTMLButtonElement).addEventListener('click', () => {
    waiting = []
    total = 0
    items.replaceChildren()
    render()
  })

  function put(row: () => HTMLElement): void {
    waiting.push(row)
    if (waiting.length > MOST_ROWS) waiting.shift()
    if (isDue) return
    isDue = true
    // A tab in the background has no frames: it is written when it is seen again.
    requestAnimationFrame(() => {
      isDue = false
      render()
    })
  }

  function render(): void {
    const news = isPaused
      ? `, ${waiting.length}${waiting.length === MOST_ROWS ? ' or more' : ''} held back`
      : ''
    say(count, total === 0 ? 'nothing yet' : `${total.toLocaleString('en')} received${news}`)
    say(pause, isPaused ? 'Go on' : 'Pause')
    if (isPaused) return
    items.prepend(...waiting.reverse().map((row) => row()))
    waiting = []
    while (items.childElementCount > MOST_ROWS) items.lastElementChild?.remove()
  }

  return {
    add(notification, transport) {
      total++
      put(() => notificationRow(notification, transport))
    },
    gap({ reason }) {
      put(() => {
        const text = `Gap (${reason}): some notifications can’t be had any more.`
        return make('li', 'gap', make('span', '', text), make('time', '', clockTime(Date.now(), true)))
      })
    },
  }
}

function notificationRow(
  { time, channel, type, data, id }: NotificationMessage,
  transport: string,
): HTMLElement {
  const json = JSON.stringify(data)
  const shown = json.length > MOST_DATA ? `${json.slice(0, MOST_DATA)}… (${json.length} characters)` : json
  const row = make(
    'li',
    '',
    make('span', 'channel', channel, ...(type ? [make('span', 'type', type)] : [])),
    make('time', '', clockTime(Date.parse(time), true)),
    make('code', 'data', shown),
  )
  row.dataset['transport'] = transport
  row.title = `id ${id}, by ${transport}`
  return row
}
