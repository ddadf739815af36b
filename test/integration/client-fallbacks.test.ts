import t from 'tap'
import { FALLBACKS } from '../../src/protocol/fallbacks.ts'
import { startApp } from '../support/app.ts'
import { Publisher, startClient } from '../support/client.ts'
import { openGate, type Treatment } from '../support/gate.ts'
import { scrape } from '../support/metrics.ts'

/** A head start that two requests on the loopback don't take; nothing is looked at again while a test lasts. */
const timings = { hedge: 500, ready: 2_000, probe: 60_000 }

/** What each way was blocked by, what the client comes to, and what the service has counted then. */
const STORIES: readonly {
  readonly websocket: Treatment
  readonly sse: Treatment
  readonly comesTo: 'websocket' | 'sse' | 'long-poll'
  readonly counted: readonly string[]
}[] = [
  { websocket: 'pass', sse: 'pass', comesTo: 'websocket', counted: [] },
  { websocket: 'refuse', sse: 'pass', comesTo: 'sse', counted: ['websocket.failed'] },
  { websocket: 'mute', sse: 'pass', comesTo: 'sse', counted: ['websocket.silent'] },
  // What the request for SSE said has not arrived.
  { websocket: 'refuse', sse: 'mute', comesTo: 'long-poll', counted: ['sse.silent'] },
  { websocket: 'mute', sse: 'refuse', comesTo: 'long-poll', counted: ['sse.failed'] },
]

for (const { websocket, sse, comesTo, counted } of STORIES) {
  t.test(
    `P-150 WebSocket: ${websocket}, SSE: ${sse}: the fallback is counted once, by its cause`,
    async (t) => {
      const service = await startApp(t)
      const gate = await openGate(t, service.port)
      gate.treat({ websocket, sse })
      const client = startClient(t, gate.url, { timings })
      await client.live(comesTo)
      // It may be polling: what its first poll has said the next one does not say again.
      const publisher = new Publisher(() => service.url)
      for (let n = 0; n < 3; n++) await client.had(await publisher.publish())
      const metrics = await scrape(service)
      for (const fallback of FALLBACKS) {
        const [transport = '', cause = ''] = fallback.split('.')
        const count = metrics.value('tidings_fallbacks_total', { transport, cause })
        t.equal(count, Number(counted.includes(fallback)), fallback)
      }
    },
  )
}
