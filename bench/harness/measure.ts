import type { LoadPeer, Options } from '../peers/load/peer.ts'
import { withEnds } from './ends.ts'
import { faultOf, type Run, runLoad } from './loadgen.ts'
import type { Report } from './report.ts'
import type { Figures, Take } from './rounds.ts'

/** A load that the peers get in turn. */
export interface Load {
  readonly what: string
  /** options of the load generator; `undefined` for a peer that doesn't take it */
  readonly options: (peer: LoadPeer) => Options | undefined
  /** by default those of deliveries */
  readonly figures?: (run: Run) => Figures
}

/** Puts the load on each of the peers, freshly started; a fault fails the report. */
export async function measureLoad(
  report: Report,
  take: Take,
  peers: readonly LoadPeer[],
  { what, options, figures = deliveries }: Load,
): Promise<void> {
  for (const peer of peers) {
    const chosen = options(peer)
    if (chosen === undefined || peer.lacks?.() !== undefined) continue
    await withEnds(async (ends) => {
      const run = await runLoad(await peer.start(ends), chosen)
      report.check(`${what}, ${peer.name}`, faultOf(run))
      take(what, peer.name, figures(run), run)
    })
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
