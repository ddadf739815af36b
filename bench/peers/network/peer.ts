import { Record } from '../../../test/support/network/record.ts'
import type { Runtime } from '../../../test/support/network/runtime.ts'
import type { Serve } from '../../../test/support/network/service.ts'

/** Another client, with a server that it can talk to. */
export interface Peer {
  readonly serve: Serve
  readonly runtime: Runtime
}

/** What a client tells of itself. */
export interface Tell {
  /** It gets what is published by now, over a transport by our name for it. */
  live(transport: string): void
  /** It doesn't any more. */
  lost(): void
  notification(n: number): void
}

/** @param start connects to `url` as the client's manual says, and returns what ends that */
export function runtimeOf(name: string, start: (url: string, tell: Tell) => () => void): Runtime {
  return {
    name,
    async open(t, { url }) {
      const record = new Record(name)
      const status = (state: string, transport?: string): void =>
        record.add({ kind: 'status', at: Date.now(), state, transport })
      return {
        record,
        async begin() {
          record.add({ kind: 'begun', at: Date.now() })
          const stop = start(url, {
            live: (transport) => status('live', transport),
            lost: () => status('waiting'),
            notification: (n) => record.add({ kind: 'notification', at: Date.now(), n }),
          })
          t.teardown(stop)
        },
      }
    },
  }
}
