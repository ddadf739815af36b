import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Logger } from 'pino'
import { closeInHandover } from './handover.ts'
import { type Message, passOn } from './survey.ts'

/** sysexits.h EX_CONFIG: the settings can't be used, and a supervisor need not try again. */
export const EX_CONFIG = 78

/** A worker that has lived so long is replaced at once when it dies, in milliseconds. */
const STEADY_MS = 10_000

/** How long one waits that replaces another that has not, in milliseconds; twice as long each time in a row, up to `LONGEST_WAIT_MS`. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000

/** A worker ended so that the service must end with it. The worker has said why. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed'
  /** what the service is to exit with */
  readonly status: number

  constructor(status: number) {
    super(`a worker ended with ${status}`)
    this.status = status
  }
}

/**
 * The processes that share the port and the log, in the hands of the one that starts them. That one takes every connection and hands it
 * to the next worker that is free, so that all have equally many of those that stay; what comes on it passes by the worker alone.
 */
export class Workers {
  readonly #logger: Logger
  readonly #onFailed: (error: WorkerFailed) => void
  readonly #living = new Set<Worker>()
  #isUp = false
  #isDraining = false

  /**
   * Starts one, and the others once it listens: what all of them would stumble over is said once.
   * @param onFailed one ended with EX_CONFIG, or the first without having listened
   */
  constructor(count: number, logger: Logger, onFailed: (error: WorkerFailed) => void) {
    this.#logger = logger
    this.#onFailed = onFailed
    cluster.schedulingPolicy = cluster.SCHED_RR
    this.#start(FIRST_WAIT_MS).once('listening', () => {
      this.#isUp = true
      for (let n = 1; n < count; n++) this.#start(FIRST_WAIT_MS)
    })
  }

  /**
   * Tells all to drain, and waits until they have.
   * @throws WorkerFailed when one did not end in good order
   */
  async drain(): Promise<void> {
    this.#isDraining = true
    const statuses = await Promise.all([...this.#living].map(stop))
    const failed = statuses.find((status) => status !== 0)
    if (failed !== undefined) throw new WorkerFailed(failed)
  }

  /** Ends all at once. */
  kill(): void {
    for (const worker of this.#living) worker.process.kill('SIGKILL')
  }

  /** @param wait before it is replaced, should it die early, in milliseconds */
  #start(wait: number): Worker {
    const worker = cluster.fork()
    closeInHandover(worker)
    const began = performance.now()
    this.#living.add(worker)
    worker.on('message', (message: Message) => passOn(message, this.#living))
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.#living.delete(worker)
      if (this.#isDraining) return
      if (code === EX_CONFIG || !this.#isUp) {
        this.#onFailed(new WorkerFailed(code || 1))
        return
      }
      this.#logger.error({ worker: worker.id, code, signal }, 'a worker ended and is replaced')
      if (performance.now() - began >= STEADY_MS) this.#replace(0, FIRST_WAIT_MS)
      else this.#replace(wait, Math.min(2 * wait, LONGEST_WAIT_MS))
    })
    return worker
  }

  #replace(wait: number, nextWait: number): void {
    setTimeout(() => {
      if (!this.#isDraining) this.#start(nextWait)
    }, wait)
  }
}

/** @returns its exit status; that of one that is too young to know the signal, and dies of it, is 0 */
async function stop(worker: Worker): Promise<number> {
  worker.process.kill('SIGTERM')
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null]
  return code ?? (signal === 'SIGTERM' ? 0 : 1)
}
