import { isChannelPattern } from '../protocol/channel.ts'
import { make, part, say } from './dom.ts'

/** What is followed when the page's address names no channels. */
const DEFAULT_CHANNELS = ['demo:**']

/** The channels that the page's address names (`?channel=…`): a reload keeps them, and a link shares them. */
export function channelsOfPage(): readonly string[] {
  const named = new URL(location.href).searchParams.getAll('channel').filter(isChannelPattern)
  return named.length > 0 ? named : DEFAULT_CHANNELS
}

/** What the choice of channels does. */
export interface ChannelsEvents {
  added(channel: string): void
  removed(channel: string): void
}

/** The chosen channels, one by one, and the field that adds one. */
export function channelsView(initial: readonly string[], events: ChannelsEvents): void {
  const chips = part('chips', HTMLUListElement)
  const pattern = part('pattern', HTMLInputElement)
  const fault = part('pattern-fault', HTMLElement)
  const channels = new Set(initial)

  part('subscribe', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const channel = pattern.value.trim()
    const isValid = isChannelPattern(channel)
    pattern.setAttribute('aria-invalid', `${!isValid}`)
    say(fault, isValid ? '' : 'Segments joined by “:”; one may be *, the last **.')
    if (!isValid || channels.has(channel)) return
    channels.add(channel)
    pattern.value = ''
    events.added(channel)
    render()
  })
  pattern.addEventListener('input', () => {
    pattern.removeAttribute('aria-invalid')
    say(fault, '')
  })
  render()

  function render(): void {
    const url = new URL(location.href)
    url.searchParams.delete('channel')
    for (const channel of channels) url.searchParams.append('channel', channel)
    history.replaceState(null, '', url)
    chips.replaceChildren(...[...channels].map(chip))
  }

  function chip(channel: string): HTMLElement {
    const remove = make('button', '', '×')
    remove.type = 'button'
    remove.setAttribute('aria-label', `Stop following ${channel}`)
    remove.addEventListener('click', () => {
      channels.delete(channel)
      events.removed(channel)
      render()
      pattern.focus()
    })
    return make('li', '', channel, remove)
  }
}
