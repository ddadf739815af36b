import PQueue from 'p-queue'
import { answerTimeout, call, type Target } from './call.ts'
import { PublishError } from './error.ts'
import { persist } from './retry.ts'

/** How many requests are under way at once: each has one notification. */
const AT_ONCE = 8

/** How notifications are cancelled. */
export interface CancellationsOptions {
  readonly target: Target
  /** for how long each is tried, in milliseconds */
  readonly timeout: number
  /** how many may wait */
  readonly maxQueued: number
}

/** Cancels scheduled notifications, in no particular order. */
export class Cancellations {
  readonly #options: CancellationsOptions
  readonly #queue = new PQueue({ concurrency: AT_ONCE })

  constructor(options: CancellationsOptions) {
    this.#options = options
  }

  /** See `Publisher.cancel`. */
  async add(channel: string, id: string): Promise<void> {
    const { target, timeout, maxQueued } = this.#options
    const url = addressOf(target, channel, id)
    if (this.#queue.size >= maxQueued) {
      throw new PublishError('queue-full', `${this.#queue.size} cancellations wait already.`)
    }
    const deadline = performance.now() + timeout
    const attempt = () => call(target.token, url, { method: 'DELETE', signal: answerTimeout(deadline) })
    await this.#queue.add(() => persist(attempt, { deadline }))
  }

  /** Resolves when all that was added is settled. */
  empty(): Promise<void> {
    return this.#queue.onIdle()
  }
}

/** Throws TypeError for the names that no URL can have: `.` and `..` are taken for steps on its path, percent-encoded, too. */
function addressOf({ url }: Target, channel: string, id: string): URL {
  if ([channel, id].some((name) => /^\.\.?$/.test(name))) {
    throw new TypeError('A channel or id `.` or `..` can not be part of an address')
  }
  return new URL(`${url.href}/${encodeURIComponent(channel)}/${encodeURIComponent(id)}`)
}
