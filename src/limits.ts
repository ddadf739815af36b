import type { Settings } from './config/settings.ts'

/** How many, and how often, the settings allow: for each who sees to it, what it takes. `0` a second is no limit. */
export function limitsOf(settings: Settings) {
  /** In mode `none` all are one principal, which has no share of its own. */
  const share = (limit: number, none: number) => (settings.auth === 'none' ? none : limit)
  return {
    /** of requests that publish or revoke: both are stored and sent to every instance */
    publishes: {
      perAddress: settings.addressPublishesPerSecond,
      perPrincipal: share(settings.principalPublishesPerSecond, 0),
    },
    connections: {
      maxConnections: settings.maxConnections,
      maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
      maxConnectionsPerPrincipal: share(settings.maxConnectionsPerPrincipal, Number.POSITIVE_INFINITY),
    },
    streams: {
      connects: {
        perAddress: settings.addressConnectsPerSecond,
        perPrincipal: share(settings.principalConnectsPerSecond, 0),
      },
      frames: {
        perStream: settings.streamFramesPerSecond,
        perAddress: settings.addressFramesPerSecond,
        perPrincipal: share(settings.principalFramesPerSecond, 0),
      },
      subscribes: {
        perStream: settings.streamSubscribesPerSecond,
        perAddress: settings.addressSubscribesPerSecond,
        perPrincipal: share(settings.principalSubscribesPerSecond, 0),
      },
    },
  }
}
