import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import type { Numbered } from '../../../test/support/network/feed.ts'
import { load } from '../packages.ts'
import { type Peer, runtimeOf } from './peer.ts'

interface Subscription {
  on(event: 'subscribed' | 'subscribing', listener: () => void): void
  on(event: 'publication', listener: (context: { data: Numbered }) => void): void
  subscribe(): void
}

interface Client {
  on(event: 'connected', listener: (context: { transport: string }) => void): void
  newSubscription(channel: string): Subscription
  connect(): void
  disconnect(): void
}

/** Where its server is, once it is built from `centrifuge/`. */
export const CENTRIFUGE_SERVER = fileURLToPath(
  new URL('../../node_modules/centrifuge-server', import.meta.url),
)

/**
 * A server on the library that Centrifugo is made of, with recovery on. The client has WebSocket and SSE: its third transport, HTTP
 * streaming, would pass the faults that look for event streams, which real proxies don't let it.
 */
export function centrifuge(): Peer {
  const { Centrifuge } = load<{ Centrifuge: new (transports: object[], options: object) => Client }>(
    'centrifuge',
  )
  return {
    async serve(t) {
      const child = spawn(CENTRIFUGE_SERVER, { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      t.teardown(async () => {
        child.kill()
        await ended
      })
      const [line] = await once(createInterface(child.stdout), 'line')
      const port = Number(line)
      return {
        port,
        async publish(data) {
          const { ok } = await fetch(`http://127.0.0.1:${port}/publish`, {
            method: 'POST',
            body: JSON.stringify(data),
          })
          return ok
        },
      }
    },
    runtime: runtimeOf('centrifuge', (url, { live, lost, notification }) => {
      const client = new Centrifuge(
        [
          { transport: 'websocket', endpoint: `${url.replace('http', 'ws')}/connection/websocket` },
          { transport: 'sse', endpoint: `${url}/connection/sse` },
        ],
        { websocket: WebSocket, eventsource: EventSource, fetch, emulationEndpoint: `${url}/emulation` },
      )
      let transport = ''
      client.on('connected', (context) => {
        transport = context.transport
      })
      const subscription = client.newSubscription('numbers')
      subscription.on('subscribed', () => live(transport))
      subscription.on('subscribing', lost)
      subscription.on('publication', ({ data }) => notification(data.n))
      subscription.subscribe()
      client.connect()
      return () => client.disconnect()
    }),
  }
}
