import type { TransportKind } from '../../src/protocol/messages.ts'
import type { LoadPeer, Options } from '../peers/load/peer.ts'
import { withEnds } from './ends.ts'
import { faultOf, type Run, runLoad } from './loadgen.ts'
import type { Report } from './report.ts'
import type { Figures, Take } from './rounds.ts'

/** What is done to each peer that has the transport: options of the load generator beside those that subscribe. */
export type Loads = Readonly<Record<string, (peer: LoadPeer) => Options>>

/** What is measured, in all benchmarks that put loads on transports. */
export const whatOf = (transport: TransportKind, load: string) => `${transport}, ${load}`

/** Puts each load, over each transport, on each of the peers in turn, freshly started; a fault fails the report. */
export async function measurePeers(
  report: Report,
  take: Take,
  peers: readonly LoadPeer[],
  {
    transports,
    loads,
    figures,
  }: { transports: readonly TransportKind[]; loads: Loads; figures: (run: Run) => Figures },
): Promise<void> {
  const there = peers.filter((peer) => peer.lacks?.() === undefined)
  for (const transport of transports) {
    for (const [load, options] of Object.entries(loads)) {
      for (const peer of there) {
        const subscribe = peer.subscribe[transport]
        if (subscribe === undefined) continue
        await withEnds(async (ends) => {
          const run = await runLoad(await peer.start(ends), [...subscribe, ...options(peer)])
          const what = whatOf(transport, load)
          report.check(`${what}, ${peer.name}`, faultOf(run))
          take(what, peer.name, figures(run), run)
        })
      }
    }
  }
}

/** What deliveries cost the server, how many there were, and how long they took. */
export function deliveries({ cpu, deliveries_per_s, lat_us }: Run): Figures {
  return {
    'CPU µs/delivery': cpu.us_per_delivery,
    'deliveries/s': deliveries_per_s,
    'p99 ms': lat_us.p99 / 1000,
  }
}

/** What a connection weighs that waits for something to come. */
export function idling({ mem, connect_s, opened }: Run): Figures {
  return {
    'KiB/connection': mem.rss_kib_per_conn,
    'PSS KiB': mem.pss_kib_per_conn,
    connections: opened,
    'connected in s': connect_s,
  }
}
