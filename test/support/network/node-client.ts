import { ProxyAgent, WebSocket as UndiciWebSocket, fetch as undiciFetch } from 'undici'
import { WebSocket } from 'ws'
import type { Options } from '../../../src/client/options.ts'
import { connect } from '../../../src/client/stream.ts'
import { Record } from './record.ts'
import type { Runtime } from './runtime.ts'
import { CHANNEL } from './service.ts'

/** The SDK in this process, as an application in Node has it. */
export const node: Runtime = {
  name: 'node',
  async open(t, { url, forward, tokens }) {
    const record = new Record('node')
    return {
      record,
      async begin() {
        record.add({ kind: 'begun', at: Date.now() })
        const stream = connect<{ n: number }>(url, {
          channels: [CHANNEL],
          ...(tokens && { token: tokens() }),
          ...platformBehind(forward),
        })
        t.teardown(() => stream.close())
        stream.on('status', ({ state, transport }) =>
          record.add({ kind: 'status', at: Date.now(), state, transport }),
        )
        stream.on('notification', ({ data }) =>
          record.add({ kind: 'notification', at: Date.now(), n: data.n }),
        )
        stream.on('gap', ({ reason }) =>
          record.add({ kind: 'trouble', at: Date.now(), text: `gap: ${reason}` }),
        )
        stream.on('error', ({ message }) => record.add({ kind: 'trouble', at: Date.now(), text: message }))
      },
    }
  },
}

/** Node 20 has no WebSocket, and no Node takes a forward proxy by itself: undici's parts do. */
function platformBehind(forward: string | undefined): Options {
  if (forward === undefined) return { WebSocket }
  const dispatcher = new ProxyAgent({ uri: forward, proxyTunnel: false })
  const tunnels = new ProxyAgent({ uri: forward, proxyTunnel: true })
  return {
    fetch: ((url: URL, init: object) => undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch,
    WebSocket: class extends UndiciWebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, { protocols, dispatcher: tunnels })
      }
    },
  }
}
