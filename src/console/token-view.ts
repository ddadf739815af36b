import { part } from './dom.ts'

/** For this tab alone, and gone with it: whoever uses the browser next finds nothing. */
const KEY = 'tidings:console-token'

/** The token that was given in this tab; `undefined` where none was. */
export function tokenOfPage(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined
}

/** What goes with each request of the page. */
export function authorizationOf(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** The field for a token, or an API key. The page begins anew with another: stream, figures and publishes rest on the same one. */
export function tokenView(token: string | undefined): void {
  const field = part('token', HTMLInputElement)
  field.value = token ?? ''
  part('token-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    const given = field.value.trim()
    if (given) sessionStorage.setItem(KEY, given)
    else sessionStorage.removeItem(KEY)
    location.reload()
  })
}
