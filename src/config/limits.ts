import { whole } from './kinds.ts'

/** The most streams that one process may be told to hold; as a limit per address it is never reached first. */
const MOST_CONNECTIONS = 1_000_000

function perSecond(byDefault: number, meaning: string) {
  return whole(0, 1_000_000, byDefault, `${meaning} 0 sets no limit.`)
}

/** Settings of how much there may be of everything that clients ask for: caps, and rates. */
export const limitsShape = {
  maxConnections: whole(
    1,
    MOST_CONNECTIONS,
    50_000,
    'Streams open in all, shared out evenly among workers; one more is answered with 503 `at-capacity`.',
  ),
  maxConnectionsPerAddress: whole(
    1,
    MOST_CONNECTIONS,
    MOST_CONNECTIONS,
    'Streams open from one address; one more is answered with 429. The default never applies before the limit in all: behind a proxy every client has the same address.',
  ),
  maxConnectionsPerPrincipal: whole(
    1,
    MOST_CONNECTIONS,
    1000,
    'Streams open by one principal of mode `jwt`; one more is answered with 429.',
  ),
  maxScheduled: whole(
    1,
    1_000_000,
    100_000,
    'Notifications that may wait to be published at their time, on all instances; one more is answered with 503 `too-many-scheduled`. They may take as many bytes as the log keeps.',
  ),
  addressConnectsPerSecond: perSecond(
    0,
    'Streams begun from one address in a second; a long-poll that waits after a cursor is none. By default not limited: behind a proxy every client has the same address.',
  ),
  principalConnectsPerSecond: perSecond(1000, 'The same, begun by one principal of mode `jwt`.'),
  addressPublishesPerSecond: perSecond(
    0,
    'Publish requests from one address in a second, however many notifications each has, and revocations.',
  ),
  principalPublishesPerSecond: perSecond(5000, 'The same, from one principal of mode `jwt`.'),
  streamFramesPerSecond: perSecond(
    50,
    'Frames from one WebSocket client in a second, pings among them; ten times as many at once.',
  ),
  addressFramesPerSecond: perSecond(0, 'The same, from all WebSocket clients of one address.'),
  principalFramesPerSecond: perSecond(1000, 'The same, from all of one principal of mode `jwt`.'),
  streamSubscribesPerSecond: perSecond(
    20,
    '`subscribe`, `unsubscribe` and `token` messages from one WebSocket client in a second; ten times as many at once.',
  ),
  addressSubscribesPerSecond: perSecond(0, 'The same, from all WebSocket clients of one address.'),
  principalSubscribesPerSecond: perSecond(400, 'The same, from all of one principal of mode `jwt`.'),
}
