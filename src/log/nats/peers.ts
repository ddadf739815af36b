import { randomUUID } from 'node:crypto'
import { PATIENCE_MS, type Peers } from '../peers.ts'
import type { Connection, Link } from './connection.ts'

/** Between two signs of life, and after so long without one a peer is dead, in milliseconds. */
const SIGN_MS = 800
const DEAD_MS = 2000

/** What instances say to each other. Whatever it is, it is a sign of life. */
type Word = { readonly from: string } & (
  | { readonly kind: 'here' | 'gone' }
  | { readonly kind: 'question'; readonly number: number; readonly question: unknown }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: unknown }
)

/** Somebody who has asked. */
interface Asking {
  readonly missing: Set<string>
  readonly answers: unknown[]
  readonly done: () => void
}

/**
 * The instances that share a log, by core NATS, which stores nothing: each hears what is said to all, and to itself. So that one who has
 * asked knows for whom to wait, each gives a sign of life.
 */
export class NatsPeers implements Peers {
  readonly #connection: Connection
  readonly #prefix: string
  readonly #id = randomUUID()
  readonly #signs: NodeJS.Timeout
  /** by id: when they were heard last, on the clock of `performance.now()` */
  readonly #heard = new Map<string, number>()
  readonly #asking = new Map<number, Asking>()
  #questions = 0
  #tell: (question: unknown) => unknown = () => undefined

  /** @param name the log's */
  constructor(connection: Connection, name: string) {
    this.#connection = connection
    this.#prefix = `${name}.peers.`
    connection.onLink((link) => this.#listen(link))
    this.#signs = setInterval(() => this.#say('all', { kind: 'here' }), SIGN_MS).unref()
  }

  answer(tell: (question: unknown) => unknown): void {
    this.#tell = tell
  }

  async ask(question: unknown): Promise<unknown[]> {
    // Throws while there is no link.
    void this.#connection.link
    const alive = performance.now() - DEAD_MS
    for (const [id, heard] of this.#heard) if (heard < alive) this.#heard.delete(id)
    const number = this.#questions++
    const answers: unknown[] = []
    await new Promise<void>((done) => {
      const missing = new Set(this.#heard.keys())
      if (missing.size === 0) return done()
      const timer = setTimeout(done, PATIENCE_MS)
      this.#asking.set(number, {
        missing,
        answers,
        done() {
          clearTimeout(timer)
          done()
        },
      })
      this.#say('all', { kind: 'question', number, question })
    })
    this.#asking.delete(number)
    return answers
  }

  close(): void {
    clearInterval(this.#signs)
    this.#say('all', { kind: 'gone' })
  }

  #listen({ nc }: Link): void {
    nc.subscribe(`${this.#prefix}*`, {
      callback: (error, msg) => {
        const to = msg.subject.slice(this.#prefix.length)
        if (error || (to !== 'all' && to !== this.#id)) return
        try {
          this.#hear(msg.json<Word>())
        } catch {
          // It is no word of ours. Thrown in a callback of the client it would end all reading from the connection.
        }
      },
    })
    this.#say('all', { kind: 'here' })
  }

  /** Throws at what is no word, or a question that can't be answered. */
  #hear(word: Word): void {
    const { from } = word
    if (from === this.#id) return
    // A newcomer need not wait to know who is there.
    if (!this.#heard.has(from)) this.#say(from, { kind: 'here' })
    this.#heard.set(from, performance.now())
    if (word.kind === 'gone') this.#heard.delete(from)
    else if (word.kind === 'question') {
      const { number } = word
      this.#say(from, { kind: 'answer', number, answer: this.#tell(word.question) })
    } else if (word.kind === 'answer') this.#take(from, word.number, word.answer)
  }

  #take(from: string, number: number, answer: unknown): void {
    const asking = this.#asking.get(number)
    if (!asking) return
    asking.answers.push(answer)
    asking.missing.delete(from)
    if (asking.missing.size === 0) asking.done()
  }

  #say(to: string, word: object): void {
    const { current } = this.#connection
    try {
      current?.nc.publish(this.#prefix + to, JSON.stringify({ from: this.#id, ...word }))
    } catch {
      // The link is lost: who waits for it does without.
    }
  }
}
