/** The element with `id`, of a kind: the page and its script are of one version, so it is there. */
export function part<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no #${id} that is a ${kind.name}`)
  return found
}

/** A new element with a class and what is in it. Text is only ever text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children)
  return made
}

/** Sets the text, where it is another: what reads pages aloud is told of changes only. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** The time of day, with `milliseconds` if wanted. */
export function clockTime(ms: number, milliseconds = false): string {
  const time = new Date(ms)
  const text = time.toLocaleTimeString('en-GB')
  return milliseconds ? `${text}.${String(time.getMilliseconds()).padStart(3, '0')}` : text
}
