import type { Worker } from 'node:cluster'

/** How long answers are waited for, in milliseconds: a worker may be stuck, or just be replaced. */
const PATIENCE_MS = 500

/**
 * What workers say to each other, by way of the primary; `from` and `to` are the id of the one that asks, and `topic` is what it asks
 * for.
 */
export type Message = { readonly topic: string; readonly number: number } & (
  | { readonly kind: 'question'; readonly from: number }
  | { readonly kind: 'answer'; readonly to: number; readonly value: unknown }
)

/** In the primary: passes a question on to all others, and an answer to the one that has asked. */
export function passOn(message: Message, workers: Iterable<Worker>): void {
  for (const worker of workers) {
    const isMeant = message.kind === 'question' ? worker.id !== message.from : worker.id === message.to
    if (isMeant) worker.send(message, ignore)
  }
}

/** In a worker: asks the others something that all of them know about themselves, and answers them. */
export class Survey<Value> {
  readonly #worker: Worker
  readonly #others: number
  readonly #topic: string
  readonly #waiting = new Map<number, (value: Value) => void>()
  #questions = 0

  /**
   * @param others how many there are
   * @param topic tells it from other surveys
   */
  constructor(worker: Worker, others: number, topic: string) {
    this.#worker = worker
    this.#others = others
    this.#topic = topic
  }

  /** Has `tell` asked when another worker asks, and answers to `ask` taken. To be called once. */
  answer(tell: () => Promise<Value>): void {
    this.#worker.on('message', (message: Message) => {
      if (message.topic !== this.#topic) return
      if (message.kind === 'answer') this.#waiting.get(message.number)?.(message.value as Value)
      // Who gets no answer does without.
      else void tell().then((value) => this.#reply(message, value), ignore)
    })
  }

  /** What the others answer; without those that don't in time. */
  async ask(): Promise<Value[]> {
    const number = this.#questions++
    const values: Value[] = []
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS)
      this.#waiting.set(number, (value) => {
        values.push(value)
        if (values.length < this.#others) return
        clearTimeout(timer)
        resolve()
      })
      this.#say({ kind: 'question', topic: this.#topic, number, from: this.#worker.id })
    })
    this.#waiting.delete(number)
    return values
  }

  #reply({ topic, number, from }: Message & { kind: 'question' }, value: Value): void {
    this.#say({ kind: 'answer', topic, number, to: from, value })
  }

  #say(message: Message): void {
    this.#worker.send(message, ignore)
  }
}

/** Whoever it was for is gone, or about to. */
function ignore(): void {}
