/** The most messages that wait for a poll; the oldest go first. */
const MOST = 10_000

/** The messages for one connection of a stand-in: they flow as they come, or wait for the next poll. */
export class Outbox {
  /** whether there has been a poll */
  isPolled = false
  #isOpen: boolean
  #waiting: string[] = []
  #flow: ((message: string) => void) | undefined
  #poll: (() => void) | undefined

  /** @param isOpen where no handshake comes first */
  constructor(isOpen = false) {
    this.#isOpen = isOpen
  }

  /** The handshake is done: `greeting` is sent, and everything that is put from now on. */
  open(greeting: string): void {
    this.#isOpen = true
    this.put(greeting)
  }

  put(message: string): void {
    if (!this.#isOpen) return
    if (this.#flow) {
      this.#flow(message)
      return
    }
    this.#waiting.push(message)
    if (this.#waiting.length > MOST) this.#waiting.shift()
    this.#poll?.()
  }

  /** Gives everything to `flow` as it comes. */
  flowTo(flow: (message: string) => void): void {
    this.#flow = flow
  }

  /** Gives `answer` what waits, as soon as there is something, or nothing after `ms` milliseconds; an older poll gets nothing. */
  next(ms: number, answer: (messages: string[]) => void): void {
    this.#poll?.()
    const give = (): void => {
      clearTimeout(timer)
      this.#poll = undefined
      answer(this.#waiting.splice(0))
    }
    const timer = setTimeout(give, ms).unref()
    this.#poll = give
    if (this.#waiting.length > 0) give()
  }
}
