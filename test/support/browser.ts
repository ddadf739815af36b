import type { Locks, TabChannel } from '../../src/client/platform.ts'

/** What one tab has of its browser. */
export interface FakeTab {
  readonly locks: Locks
  readonly openChannel: (name: string) => TabChannel
  /** Ends the tab as a crash does: its locks go to others, and it says and hears nothing more. */
  crash(): void
}

interface Waiting {
  readonly tab: object
  grant(): void
  release(): void
}

/** Web Locks and BroadcastChannel between tabs that live in one process. */
export class FakeBrowser {
  readonly #queues = new Map<string, Waiting[]>()
  readonly #channels = new Set<{ name: string; tab: object; channel: TabChannel }>()

  tab(): FakeTab {
    const tab = {}
    let isAlive = true
    return {
      locks: {
        request: (name, { signal }, hold) =>
          new Promise((resolve, reject) => {
            const queue = this.#queues.get(name) ?? []
            this.#queues.set(name, queue)
            const waiting: Waiting = {
              tab,
              grant: () => void hold().then(waiting.release),
              release: () => {
                const isHeld = queue[0] === waiting
                if (queue.includes(waiting)) queue.splice(queue.indexOf(waiting), 1)
                resolve()
                if (isHeld) queue[0]?.grant()
              },
            }
            signal.addEventListener('abort', () => {
              if (queue[0] === waiting) return
              waiting.release()
              reject(signal.reason)
            })
            if (queue.push(waiting) === 1) setImmediate(waiting.grant)
          }),
      },
      openChannel: (name) => {
        const channel: TabChannel = {
          onmessage: null,
          postMessage: (data) => {
            if (!isAlive) return
            for (const other of this.#channels) {
              if (other.name !== name || other.channel === channel) continue
              const copy = structuredClone(data)
              setImmediate(() => other.channel.onmessage?.({ data: copy }))
            }
          },
          close: () => {},
        }
        this.#channels.add({ name, tab, channel })
        return channel
      },
      crash: () => {
        isAlive = false
        for (const entry of this.#channels) if (entry.tab === tab) this.#channels.delete(entry)
        for (const queue of this.#queues.values()) {
          for (const waiting of queue.filter((one) => one.tab === tab)) waiting.release()
        }
      },
    }
  }
}
