import { isChannelName } from '../protocol/channel.ts'
import { make, part } from './dom.ts'

/** A problem document (RFC 9457) as far as it is shown. */
interface Problem {
  readonly title: string
  readonly detail: string
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** How long an answer may take, in milliseconds. */
const PATIENCE_MS = 15_000

/** The form that publishes at `url`: says at once what can't be sent, and shows what the service answers. */
export function publishView(url: string, authorization: Readonly<Record<string, string>>): void {
  const form = part('publish', HTMLFormElement)
  const channel = part('channel', HTMLInputElement)
  const type = part('type', HTMLInputElement)
  const data = part('data', HTMLTextAreaElement)
  const outcome = part('outcome', HTMLElement)
  const fields = { channel, type, data }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void publish()
  })
  data.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  })
  for (const field of Object.values(fields)) {
    field.addEventListener('input', () => field.removeAttribute('aria-invalid'))
  }

  async function publish(): Promise<void> {
    for (const field of Object.values(fields)) field.removeAttribute('aria-invalid')
    if (!isChannelName(channel.value)) {
      refuse(
        'channel',
        'A channel is 1 to 8 segments joined by “:”, each 1 to 64 of A–Z a–z 0–9 _ - . ~ @ + =',
      )
      return
    }
    let value: unknown
    try {
      value = JSON.parse(data.value)
    } catch (error) {
      refuse('data', `That is not JSON: ${(error as Error).message}`)
      return
    }
    const notification = { channel: channel.value, data: value, ...(type.value && { type: type.value }) }
    try {
      await send(JSON.stringify(notification))
    } catch (error) {
      show('bad', make('b', '', 'No answer'), make('span', '', `${(error as Error).message}.`))
    }
  }

  async function send(body: string): Promise<void> {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const document = await answer.json()
    if (answer.ok) {
      const { cursor } = document.notifications[0]
      show('good', make('b', '', 'Stored'), make('span', '', 'cursor ', make('code', '', cursor)))
    } else {
      showProblem(document)
    }
  }

  function showProblem({ title, detail, status, code, errors = [] }: Problem): void {
    const list = errors.map(({ pointer, detail }) =>
      make('li', '', make('code', '', pointer || '/'), ` ${detail}`),
    )
    for (const { pointer } of errors) {
      const name = pointer.split('/')[1] ?? ''
      if (name in fields) fields[name as keyof typeof fields].setAttribute('aria-invalid', 'true')
    }
    show(
      'bad',
      make('b', '', title),
      make('span', '', make('code', '', `${status} ${code}`), ` ${detail}`),
      ...(list.length > 0 ? [make('ul', '', ...list)] : []),
    )
  }

  function refuse(name: keyof typeof fields, text: string): void {
    fields[name].setAttribute('aria-invalid', 'true')
    fields[name].focus()
    show('bad', make('b', '', 'Not sent'), make('span', '', text))
  }

  function show(tone: 'good' | 'bad', ...children: readonly Node[]): void {
    outcome.dataset['tone'] = tone
    outcome.replaceChildren(...children)
  }
}
