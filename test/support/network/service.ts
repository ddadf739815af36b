import { request } from 'undici'
import type { Settings } from '../../../src/config/settings.ts'
import { startApp } from '../app.ts'
import type { Teardown } from '../nats.ts'
import type { Publish } from './feed.ts'

/** The channel that notifications are published on. */
export const CHANNEL = 'numbers'

/** What clients are to reach, on a port of the loopback. */
export interface Service {
  readonly port: number
  readonly publish: Publish
}

/** Starts a service that ends with `t`. */
export type Serve = (t: Teardown) => Promise<Service>

/**
 * Tidings itself, in this process.
 * @param token what publishes, where the settings ask for one
 */
export async function serveTidings(
  t: Teardown,
  settings: Partial<Settings> = {},
  token?: string,
): Promise<Service> {
  const { url, port } = await startApp(t, { settings })
  return { port, publish: publishTo(() => url, token) }
}

/** @param url where the service is at the moment; it may be away */
export function publishTo(url: () => string, token?: string): Publish {
  return async (data) => {
    try {
      const answer = await request(`${url()}/v1/notifications`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ channel: CHANNEL, id: `${data.n}`, data }),
      })
      await answer.body.dump()
      return answer.statusCode < 300
    } catch {
      return false
    }
  }
}
